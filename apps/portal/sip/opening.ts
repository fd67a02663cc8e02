import { randomBytes } from 'node:crypto';
import type { Answer, CallBody, SessionView } from '@sluice/api';
import { refuse } from '@sluice/model';
import type { CallOpener } from '../parts.ts';
import { persist } from '../persist.ts';
import { closeSurely, type Deciding } from '../verdict.ts';
import type { Party } from './dialog.ts';
import { addressesIn } from './streams.ts';

/** What opening homes takes. */
export interface Opening extends Deciding {
  readonly calls: CallOpener;
}

/**
 * Has both homes of a call opened for each other. Where the answer is lost they may be open all the same: asking again with
 * the same id tells, and then they are closed.
 */
export async function openHomes(
  parts: Opening,
  asked: Omit<CallBody, 'requestId' | 'contentId'>,
): Promise<Answer<SessionView>> {
  const { calls, clock, lifetime, log } = parts;
  // Never the phones' word for it: a call that is over must not be taken for this one.
  const call: CallBody = { requestId: randomBytes(18).toString('base64url'), contentId: 'call', ...asked };
  const answer = await calls.openCall(call, lifetime);
  if (answer.kind === 'granted') {
    if (answer.value.state === 'open') return answer;
    return { kind: 'refused', refusal: refuse('request-conflict', `the call is ${answer.value.state} already`) };
  }
  if (answer.refusal.code !== 'timeout' && answer.refusal.code !== 'part-unreachable') return answer;
  const undo = async () => {
    const again = await calls.openCall(call, lifetime);
    if (again.kind === 'refused') return again.refusal.code !== 'timeout' && again.refusal.code !== 'part-unreachable';
    if (again.value.state === 'open') await closeSurely(parts, again.value.sessionId, 'appliance-left');
    return true;
  };
  const gaveUp = () => log.error({ requestId: call.requestId }, 'cannot learn whether a call was opened');
  persist(clock, lifetime, undo, gaveUp);
  return answer;
}

/** A party as its gateway is told of it, but for its streams. */
export function callPartyOf({ user, flow, streams }: Party): Omit<CallBody['caller'], 'streams'> {
  return { applianceId: `phone:${user}`, flow: { ...flow.seen }, localAddresses: addressesIn(streams) };
}
