import { type Answer, type Content, type ContentRequestBody, describeUnfit, type SessionRequest } from '@sluice/api';
import { type Refusal, refuse, transportOf } from '@sluice/model';
import type { z } from 'zod';

/** The refusal of input that does not fit its schema. */
export function refuseInput(error: z.ZodError): Refusal {
  const path = error.issues[0]?.path.map(String) ?? [];
  const subject = path[0] === 'localPorts' ? path[1] : path[0];
  const code = path[0] === 'localPorts' && path.length > 1 ? 'port-invalid' : 'malformed';
  return refuse(code, describeUnfit(error, 'the body'), subject?.slice(0, 32));
}

/** The content's streams with the appliance's ports, or those that its kind is received on; a refusal unless every stream has one, and its own. */
export function nameLocalPorts(
  streams: Content['streams'],
  { localPorts, firstSpeaker }: Pick<ContentRequestBody, 'localPorts' | 'firstSpeaker'>,
): Answer<SessionRequest['streams']> {
  const ids = new Set(streams.map(({ id }) => id));
  const stray = [...Object.keys(localPorts), ...Object.keys(firstSpeaker)].find((id) => !ids.has(id));
  if (stray !== undefined) {
    const message = `the content has no stream ${stray.slice(0, 32)}; it has ${[...ids].join(', ')}`;
    return { kind: 'refused', refusal: refuse('malformed', message, stray.slice(0, 32)) };
  }
  const taken = new Map<string, string>();
  const named: SessionRequest['streams'] = [];
  for (const stream of streams) {
    const { localPort: fixed, ...described } = stream;
    const localPort = localPorts[stream.id] ?? fixed ?? (stream.streamType === 'esp' ? 0 : undefined);
    if (localPort === undefined) {
      const message = `stream ${stream.id} needs a local port to arrive at`;
      return { kind: 'refused', refusal: refuse('port-invalid', message, stream.id) };
    }
    const key = `${transportOf(stream.streamType)} ${localPort}`;
    const other = taken.get(key);
    if (other !== undefined) {
      const message = `streams ${other} and ${stream.id} cannot both arrive at ${key}`;
      return { kind: 'refused', refusal: refuse('port-invalid', message, stream.id) };
    }
    taken.set(key, stream.id);
    named.push({ ...described, localPort });
  }
  return { kind: 'granted', value: named };
}
