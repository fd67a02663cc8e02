import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLine } from './describe.ts';
import type { Line } from './line.ts';

const line = (fields: Record<string, unknown>): Line => ({
  seq: 7,
  at: '2030-01-01T00:00:00.000Z',
  kind: 'session-refused',
  prev: '0'.repeat(64),
  fields: { seq: 7, at: '', kind: '', prev: '', ...fields },
});

test('a line is told in words, and what is in it cannot reach a terminal as anything else', () => {
  assert.equal(
    describeLine(line({ code: 'timeout', reason: 'try "later"', openings: [{ id: 'a', packets: 2 }], until: null })),
    '2030-01-01T00:00:00.000Z  7  session-refused  code=timeout  reason="try \\"later\\""  openings=[(id=a packets=2)]  until=null',
  );
  const odd = describeLine(line({ reason: '\u001b[2J\u009b31m\u202e\u061cgnp\u2028\ud800 é \u{e0041}', '\u001bx': 1 }));
  assert.match(odd, /\\u001b\[2J\\u\{9b\}31m/);
  assert.doesNotMatch(odd, /[^\x20-\x7eé]/);
});
