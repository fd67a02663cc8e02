import type { Clock, Endpoint, IpAddress } from '@sluice/model';
import type { Delays } from './delays.ts';
import type { PortControlServer, Udp } from './udp.ts';

/** What an exchange is made of. */
export interface ExchangePorts {
  readonly udp: Udp;
  readonly clock: Clock;
}

/** One question to a gateway. */
export interface Question<Answer> {
  readonly server: PortControlServer;
  /** The address to ask from; where it is none of this machine's, `build` is given one that is. */
  readonly local?: IpAddress | undefined;
  /** It is asked from `local` or not at all. */
  readonly fromLocalOnly?: boolean;
  /** The request's octets; the same each time that it is sent. */
  build(local: Endpoint): Uint8Array;
  /** The answer in a datagram of the server; undefined where it is no answer to this question: it is not heeded. */
  read(bytes: Uint8Array): Answer | undefined;
  readonly delays: Delays;
}

/** What became of a question. `not-sent`: the gateway cannot have heard of it. `lost`: it may have, nobody knows. */
export type Reply<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'not-sent';
      readonly reason: string /** `local` is no address of this machine. */;
      readonly notOurs?: true;
    }
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * Asks and waits, sending again after each delay, until there is an answer, the delays are over, or `signal` aborts.
 * Each exchange has a port of its own: what comes late to another is not heard here.
 */
export async function exchange<Answer>(
  question: Question<Answer>,
  { udp, clock }: ExchangePorts,
  signal: AbortSignal,
): Promise<Reply<Answer>> {
  if (signal.aborted) return { kind: 'not-sent', reason: reasonOf(signal) };
  const heard = Promise.withResolvers<Reply<Answer>>();
  let sendings = 0;
  const listener = {
    message(bytes: Uint8Array) {
      const answer = question.read(bytes);
      if (answer !== undefined) heard.resolve({ kind: 'answer', answer });
    },
    refused(reason: string) {
      // The second may have come too late for a server that took the first.
      heard.resolve({ kind: sendings <= 1 ? 'not-sent' : 'lost', reason });
    },
  };
  let opened = await udp.open(question.server, question.local, listener);
  if ('failed' in opened && opened.failed === 'not-ours') {
    if (question.fromLocalOnly) return { kind: 'not-sent', reason: opened.reason, notOurs: true };
    opened = await udp.open(question.server, undefined, listener);
  }
  if ('failed' in opened) return { kind: 'not-sent', reason: opened.reason };
  using socket = opened;
  if (signal.aborted) return { kind: 'not-sent', reason: reasonOf(signal) };
  const bytes = question.build(socket.local);
  const delays = question.delays[Symbol.iterator]();
  let cancel = () => {};
  const send = (): void => {
    const { value: delay } = delays.next();
    if (delay === undefined) {
      heard.resolve({ kind: 'lost', reason: 'no answer however often it was asked' });
      return;
    }
    sendings++;
    socket.send(bytes);
    cancel = clock.after(delay, send);
  };
  const aborted = (): void => heard.resolve({ kind: 'lost', reason: reasonOf(signal) });
  signal.addEventListener('abort', aborted, { once: true });
  try {
    send();
    return await heard.promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', aborted);
  }
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}
