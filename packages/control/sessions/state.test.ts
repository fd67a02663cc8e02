import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Misuse } from '@sluice/driver';
import type { SessionState } from '@sluice/model';
import { hasEnded, nextState, type SessionEvent } from './state.ts';

const states: readonly SessionState[] = ['opening', 'open', 'closing', 'closed', 'refused'];
const events: readonly SessionEvent[] = ['granted', 'refused', 'doubted', 'closed-by', 'undone'];

test('these moves exist, and no other', () => {
  const moves = states.flatMap((state) =>
    events.flatMap((event) =>
      [false, true].flatMap((wasRefused) => {
        try {
          return [`${state} ${event}${wasRefused ? ' after a refusal' : ''}: ${nextState(state, event, wasRefused)}`];
        } catch (error) {
          assert.ok(error instanceof Misuse);
          return [];
        }
      }),
    ),
  );
  assert.deepEqual(moves, [
    'opening granted: open',
    'opening granted after a refusal: open',
    'opening refused: refused',
    'opening refused after a refusal: refused',
    'opening doubted: closing',
    'opening doubted after a refusal: closing',
    'open closed-by: closing',
    'open closed-by after a refusal: closing',
    'closing undone: closed',
    'closing undone after a refusal: refused',
  ]);
  assert.deepEqual(states.filter(hasEnded), ['closed', 'refused']);
});
