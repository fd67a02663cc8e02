import { inTheNameOfOther, other, type Parties, type Side } from './dialog.ts';
import type { OwnRequests } from './own-requests.ts';

/** How long a telephone may take to say that it is there, ms. */
const patienceMs = 8_000;

/**
 * Asks one party's telephone whether the call is still there, in the other's name: by an INFO that says nothing (RFC 2976
 * 2.2), which a telephone that knows of no such call answers with 481, as not all do with OPTIONS. It has the number of
 * the other's last request, so that it takes none which the other will use: what is not lower is of the dialog (RFC 3261
 * 12.2.2), and a telephone that thinks otherwise says so, and is there. Resolves to why the call is no more, if it is.
 */
export async function whyGone(
  own: OwnRequests,
  callId: string,
  side: Side,
  parties: Parties,
): Promise<string | undefined> {
  const { user, flow } = parties[side];
  const seq = Math.max(1, parties[other[side]].cseq);
  const answer = await own.ask(inTheNameOfOther({ method: 'INFO', callId, seq }, side, parties), flow, patienceMs);
  if (!answer) return `the phone of ${user} is gone`;
  return answer.status === 481 ? `${user} hung up, and that was lost` : undefined;
}
