import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionView } from '@sluice/api';
import { explain, table } from './text.ts';

const at = Date.UTC(2030, 0, 1, 20, 15);

const open: SessionView = {
  sessionId: '0f3a',
  requestId: 'r-1',
  applianceId: 'self::tv-a',
  contentId: 'film',
  portalId: 'self::portal-1',
  gatewayId: 'self::gateway-a',
  state: 'open',
  openings: [
    {
      id: 's0f3a-0',
      streamId: 'video',
      streamType: 'rtp',
      remote: { address: '203.0.113.10', port: 7000 },
      global: { address: '203.0.113.1', port: 16384 },
      local: { address: '192.168.1.2', port: 5000 },
      packets: 12,
      bytes: 14400,
    },
    {
      id: 's0f3a-1',
      streamId: 'text6',
      streamType: 'tcp',
      remote: { address: '2001:db8:1::10' },
      global: { address: '2001:db8:100::2', port: 5004 },
      local: { address: '2001:db8:100::2', port: 5004 },
    },
  ],
  createdAt: at,
  until: at + 60_000,
  endsAt: at + 3_600_000,
  timeline: [
    { at, step: 'received' },
    { at: at + 1, step: 'asking-gateway', detail: '2 openings' },
    { at: at + 4, step: 'open' },
  ],
};

test('a session is explained: hop, paths, steps', () => {
  assert.equal(
    explain(open),
    [
      'session 0f3a is open; its lease ends 2030-01-01 20:16:00.000 UTC, its time 2030-01-01 21:15:00.000 UTC',
      'self::tv-a asked for film at self::portal-1 (request r-1)',
      '',
      'hop self::gateway-a:',
      'stream  type  from               to the gateway at       to the device at        passed',
      'video   rtp   203.0.113.10:7000  203.0.113.1:16384       192.168.1.2:5000        12 packets, 14400 bytes',
      'text6   tcp   2001:db8:1::10     [2001:db8:100::2]:5004  [2001:db8:100::2]:5004',
      '',
      'when                         after  step            reason',
      '2030-01-01 20:15:00.000 UTC  +0 ms  received',
      '2030-01-01 20:15:00.001 UTC  +1 ms  asking-gateway  2 openings',
      '2030-01-01 20:15:00.004 UTC  +4 ms  open',
    ].join('\n'),
  );
});

test('a session on a weak gateway says what is not held, and what packets showed', () => {
  const held = { remoteAddress: true, remotePort: false, lease: true };
  const probes = { fromServer: 'seen', fromOtherPort: 'seen', fromElsewhere: 'not-seen' } as const;
  const text = explain({ ...open, held, heldNotes: ['any port of the server may send'], probes });
  const lines = text.split('\n').slice(7, 11);
  assert.deepEqual(lines, [
    '',
    'not held: remotePort',
    '  any port of the server may send',
    'probes, from the server seen, from another port of it seen, from elsewhere not-seen',
  ]);
});

test('a refused session says why, and about which stream', () => {
  const refusal = { code: 'port-denied', message: 'local port 22 is below 1024', subject: 'video' };
  const [first, , , hop] = explain({ ...open, state: 'refused', openings: [], refusal }).split('\n');
  assert.equal(first, 'session 0f3a is refused; refused: port-denied (video): local port 22 is below 1024');
  assert.equal(hop, 'hop self::gateway-a: no opening');
});

test('a table of nothing has its head', () => {
  assert.equal(table(['session', 'state'], []), 'session  state');
});
