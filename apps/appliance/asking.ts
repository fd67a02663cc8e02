import type { Answer, Content, ContentAnswer, ContentRequestBody } from '@sluice/api';
import { type IpAddress, type Port, plainTransportOf } from '@sluice/model';
import type { AskedStream } from './gateway/own-requests.ts';
import type { Portal } from './portal.ts';

/** How a content is asked for. */
export interface Ask extends Pick<Partial<ContentRequestBody>, 'firstSpeaker' | 'srtp' | 'gatewayType' | 'receiver'> {
  /** A new one where left out. */
  readonly requestId?: string | undefined;
  /** Open, each for the stream with that id. */
  readonly localPorts: Readonly<Record<string, Port>>;
  /** Left out, the address that the portal is reached from. */
  readonly localAddresses?: readonly IpAddress[] | undefined;
}

/** What this device is about to receive: its gateway may be opened for that. */
export function streamsAsked(content: Content, ports: Readonly<Record<string, Port>>): readonly AskedStream[] {
  return content.streams.map(({ id, streamType, remote }) => ({
    transport: plainTransportOf(streamType),
    port: ports[id] ?? 0,
    remote,
  }));
}

/** Asks for a content with this device's signature; the ports are open, and `portal.asking` knows of them. */
export async function askPortal(
  portal: Portal,
  content: Content,
  { localPorts, localAddresses, requestId: chosen, ...rest }: Ask,
  signal: AbortSignal,
): Promise<Answer<ContentAnswer>> {
  const { contentId } = content;
  const { local } = portal;
  const signed = streamsAsked(content, localPorts).map(({ transport, port }, index) => ({
    id: content.streams[index]?.id ?? '',
    transport,
    port,
  }));
  const request = async (): Promise<Answer<ContentAnswer>> => {
    const requestId = chosen ?? crypto.randomUUID();
    const consent = await portal.consent?.({ requestId, contentId, ports: signed }, signal);
    const body = {
      ...{ firstSpeaker: {}, ...rest, requestId, contentId, localPorts },
      localAddresses: [...(localAddresses ?? (local === undefined ? [] : [local.address]))],
      ...(local && { socket: local }),
      ...(consent !== undefined && { consent }),
    };
    return portal.request(body, signal);
  };
  const answer = await request();
  // The gateway has forgotten this device, and is told again; the request needs another id then.
  if (answer.kind === 'refused' && answer.refusal.code === 'consent-invalid' && chosen === undefined) return request();
  return answer;
}
