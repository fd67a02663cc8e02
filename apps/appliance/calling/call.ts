import type { Answer, MeetingAnswer } from '@sluice/api';
import { type Clock, type IpAddress, type Port, plainTransportOf, refuse, type StreamType, wait } from '@sluice/model';
import type { Portal } from '../portal.ts';

/** One stream of a call, both ways: this device's own end of it. */
export interface CallStream {
  /** The same at both parties. */
  readonly id: string;
  readonly streamType: StreamType;
  /** Open already: the caller's own socket. */
  readonly localPort: Port;
  /** For `rtcp`: the id of its RTP stream. */
  readonly pairedWith?: string;
}

/** Whom to speak to, about what. */
export interface CallWish {
  /** What both parties call it. */
  readonly callId: string;
  /** The other appliance's id; it names this one. */
  readonly with: string;
  readonly streams: readonly CallStream[];
  /** Left out, the address that the portal is reached from. */
  readonly localAddresses?: readonly IpAddress[];
}

/** A call in which both homes are open for each other. Disposing of it hangs up. */
export interface Call extends AsyncDisposable {
  readonly answer: MeetingAnswer;
  /** Resolves when it is over: why. Rejects never. */
  readonly ended: Promise<string>;
}

/** Waits before listening again when that broke, ms. */
const againMs = 500;
/** As long as the portal has patience with who does not listen, tries. */
const mostTries = 10;

/**
 * Meets another appliance at a portal: resolves when both have asked and every stream of both may pass, directly. The
 * caller sends from its local ports to `remote` of each stream; nothing else reaches them.
 */
export async function joinCall(
  portal: Portal,
  wish: CallWish,
  { clock }: { readonly clock: Clock },
  signal: AbortSignal,
): Promise<Answer<Call>> {
  portal.prepare();
  await using opened = new AsyncDisposableStack();
  const requestId = crypto.randomUUID();
  const ports = wish.streams.map(({ id, streamType, localPort: port }) => ({
    id,
    transport: plainTransportOf(streamType),
    port,
  }));
  const consent = await portal.consent?.({ requestId, contentId: wish.callId, ports }, signal);
  opened.use(portal.asking?.(ports.map(({ transport, port }) => ({ transport, port }))));
  const { local } = portal;
  const localAddresses = wish.localAddresses ?? (local === undefined ? [] : [local.address]);
  const asked = { requestId, callId: wish.callId, with: wish.with, streams: [...wish.streams] };
  const said = { localAddresses: [...localAddresses], ...(local && { socket: local }) };
  const answer = await portal.call({ ...asked, ...said, ...(consent !== undefined && { consent }) }, signal);
  if (answer.kind === 'refused') return answer;
  const missing = wish.streams.find(({ id }) => !answer.value.streams.some((stream) => stream.id === id));
  const { sessionId } = answer.value;
  if (missing) {
    if (sessionId !== undefined) await portal.hangUp(sessionId, new AbortController().signal);
    return { kind: 'refused', refusal: refuse('part-unreachable', `the portal opened nothing for ${missing.id}`) };
  }
  return { kind: 'granted', value: kept(portal, answer.value, clock, opened.move()) };
}

function kept(portal: Portal, answer: MeetingAnswer, clock: Clock, opened: AsyncDisposableStack): Call {
  const { sessionId } = answer;
  const over = new AbortController();
  const listened = sessionId === undefined ? untilAborted(over.signal) : listen(portal, sessionId, clock, over.signal);
  return {
    answer,
    ended: listened,
    async [Symbol.asyncDispose]() {
      over.abort(new Error('this party hung up'));
      if (sessionId !== undefined) await portal.hangUp(sessionId, new AbortController().signal);
      await listened;
      await opened.disposeAsync();
    },
  };
}

async function listen(portal: Portal, sessionId: string, clock: Clock, signal: AbortSignal): Promise<string> {
  for (let tries = 0; tries < mostTries && !signal.aborted; tries++) {
    try {
      const why = await portal.callEnded(sessionId, signal);
      if (why !== undefined) return why;
    } catch {
      // The connection broke: the portal has patience for a while.
    }
    await wait(clock, againMs, signal);
  }
  return signal.aborted ? 'this party hung up' : 'the portal is not reached';
}

function untilAborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const end = () => resolve('this party hung up');
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
