import { Misuse } from '@sluice/driver';
import type { SessionState } from '@sluice/model';

/**
 * What moves a session on. `granted`: every opening holds. `refused`: nothing holds. `doubted`: something may hold that
 * no session wants. `closed-by`: somebody or something ended it. `undone`: nothing is left at the gateway.
 */
export type SessionEvent = 'granted' | 'refused' | 'doubted' | 'closed-by' | 'undone';

const moves: Readonly<Record<SessionState, Partial<Record<SessionEvent, SessionState>>>> = {
  opening: { granted: 'open', refused: 'refused', doubted: 'closing' },
  open: { 'closed-by': 'closing' },
  closing: { undone: 'closed' },
  closed: {},
  refused: {},
};

/** The state after `event`. A session that was `refused` before it was undone ends as refused. Throws Misuse on a move that does not exist. */
export function nextState(state: SessionState, event: SessionEvent, wasRefused: boolean): SessionState {
  const next = moves[state][event];
  if (!next) throw new Misuse(`a session that is ${state} cannot be ${event}`);
  return next === 'closed' && wasRefused ? 'refused' : next;
}

/** Nothing can happen to it any more. */
export function hasEnded(state: SessionState): boolean {
  return state === 'closed' || state === 'refused';
}
