import type { Cancel, Clock } from '@sluice/model';
import type { SipMessage } from '@sluice/wire/sip';
import type { PhoneFlow } from './phone-flow.ts';

/** T1 (RFC 3261 17.1.1.1), ms. */
const firstMs = 500;
/** 64 T1: when nobody is expected to answer any more, ms. */
export const giveUpMs = 64 * firstMs;

/** Sends, and over UDP again at growing distances of at most `longestMs`, until it is cancelled or half a minute is over. */
export function repeat(clock: Clock, flow: PhoneFlow, message: SipMessage, longestMs: number): Cancel {
  const until = clock.now() + giveUpMs;
  let cancel: Cancel = () => {};
  const send = (waitMs: number) => {
    flow.send(message);
    if (flow.transport === 'tcp' || clock.now() + waitMs >= until) return;
    cancel = clock.after(waitMs, () => send(Math.min(2 * waitMs, longestMs)));
  };
  send(firstMs);
  return () => cancel();
}
