import type { Answer, Content } from '@sluice/api';
import { type Clock, type Endpoint, formatEndpoint, type IpAddress, type Port, refuse } from '@sluice/model';
import { type Ask, askPortal, streamsAsked } from '../asking.ts';
import { type DeviceSocket, receivesAt } from '../io/socket-table.ts';
import type { Portal } from '../portal.ts';
import { ProgramSession } from './program-session.ts';

/** What sessions of programs are made of. */
export interface ProgramPorts {
  readonly portal: Portal;
  readonly clock: Clock;
  /** This device's sockets now. */
  sockets(): readonly DeviceSocket[];
  readonly localAddresses?: readonly IpAddress[] | undefined;
}

/** What a program asks for. */
export interface ProgramAsk extends Pick<Ask, 'localPorts' | 'firstSpeaker' | 'srtp' | 'requestId'> {
  readonly contentId: string;
}

/** Most sessions of all programs at once. */
const mostSessions = 64;

/** The sessions of this device's programs. Disposing leaves all of them. */
export class ProgramSessions implements AsyncDisposable {
  readonly #ports: ProgramPorts;
  readonly #sessions = new Map<string, ProgramSession>();
  #asking = 0;

  constructor(ports: ProgramPorts) {
    this.#ports = ports;
  }

  /** Asks for a content whose ports a program of `uid` has open (any user's, where that is 0 or not known). */
  async open(ask: ProgramAsk, uid: number | undefined, signal: AbortSignal): Promise<Answer<ProgramSession>> {
    const { portal, clock, localAddresses } = this.#ports;
    if (this.#sessions.size + this.#asking >= mostSessions)
      return no(refuse('quota-exceeded', `this device has ${mostSessions} sessions of programs; leave one first`));
    this.#asking++;
    try {
      const found = await portal.content(ask.contentId, signal);
      if (found.kind === 'refused') return found;
      const content = found.value;
      const { contentId: _, ...rest } = ask;
      const refusal = this.#notOpen(content, ask.localPorts, uid);
      if (refusal) return no(refusal);
      const asked = portal.asking?.(streamsAsked(content, ask.localPorts));
      try {
        const answer = await askPortal(portal, content, { ...rest, localAddresses, receiver: 'program' }, signal);
        if (answer.kind === 'refused') {
          asked?.[Symbol.dispose]();
          return answer;
        }
        const session = new ProgramSession(answer.value, { uid, portal, clock });
        this.#sessions.set(answer.value.sessionId, session);
        void session.over.then(() => {
          this.#sessions.delete(answer.value.sessionId);
          asked?.[Symbol.dispose]();
        });
        return { kind: 'granted', value: session };
      } catch (error) {
        asked?.[Symbol.dispose]();
        throw error;
      }
    } finally {
      this.#asking--;
    }
  }

  /** The sessions that a user may see: their own, or all for root. */
  of(uid: number | undefined): readonly ProgramSession[] {
    return [...this.#sessions.values()].filter((session) => isSame(uid, session.uid));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.leave()));
  }

  /** What a program names and does not hold, the home is not opened for: whoever takes that port next has not asked. */
  #notOpen(content: Content, ports: Readonly<Record<string, Port>>, uid: number | undefined) {
    const sockets = this.#ports.sockets();
    const address = this.#ports.localAddresses?.[0] ?? this.#ports.portal.local?.address;
    for (const { id, streamType } of content.streams) {
      const port = ports[id];
      if (port === undefined)
        return refuse(
          'port-invalid',
          `${content.contentId} has a stream ${id}; name the local port that receives it`,
          id,
        );
      const isTcp = streamType === 'tcp';
      const isOpen = sockets.some(
        (socket) =>
          (isTcp ? socket.state === 'listening' : socket.transport === 'udp') &&
          isSame(uid, socket.uid) &&
          (address === undefined ? socket.local.port === port : receivesAt(socket, { address, port })),
      );
      if (!isOpen) return refuse('port-invalid', notOpen(isTcp, address, port), id);
    }
    return undefined;
  }
}

function notOpen(isTcp: boolean, address: IpAddress | undefined, port: Port): string {
  const where: Endpoint | undefined = address === undefined ? undefined : { address, port };
  const named = `${isTcp ? 'TCP' : 'UDP'} ${where ? formatEndpoint(where) : `port ${port}`}`;
  return `no program of yours ${isTcp ? 'listens' : 'receives'} at ${named}; open it first, then ask`;
}

/** What is not known to be somebody else's is let be: who may connect was asked before. */
function isSame(uid: number | undefined, other: number | undefined): boolean {
  return uid === undefined || uid === 0 || other === undefined || uid === other;
}

function no(refusal: ReturnType<typeof refuse>): Answer<never> {
  return { kind: 'refused', refusal };
}
