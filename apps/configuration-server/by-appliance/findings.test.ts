import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeFindings } from '@sluice/model';
import { findingsOf, type TriedOpening } from './findings.ts';

const remote = { address: '203.0.113.10', port: 7000 };
const server = { id: 'video', fromStream: 'sent', fromOtherPort: 'sent' } as const;
const stray = { outcome: 'sent', from: '203.0.113.21' } as const;
const udp: TriedOpening = { opening: { remote, streamType: 'rtp' }, server, stray, heard: [remote] };
const tcp: TriedOpening = {
  opening: { remote, streamType: 'tcp' },
  server: { id: 'text', fromStream: 'connected', fromOtherPort: 'silent' },
  stray: { outcome: 'silent', from: '203.0.113.21' },
  heard: [],
};

const cases: [string, TriedOpening[], [...Finding[]]][] = [
  ['a gateway that is as tight as it says', [udp, tcp], ['seen', 'not-seen', 'not-seen']],
  ['nothing came from the server', [{ ...udp, heard: [] }, tcp], ['not-seen', 'not-seen', 'not-seen']],
  [
    'another port of the server came in',
    [{ ...udp, heard: [remote, { ...remote, port: 40_000 }] }],
    ['seen', 'seen', 'not-seen'],
  ],
  [
    'another address came in, by one of two',
    [udp, { ...udp, heard: [remote, { address: '203.0.113.21', port: 9 }] }],
    ['seen', 'not-seen', 'seen'],
  ],
  ['the device did not say', [{ ...udp, heard: undefined }], ['not-tried', 'not-tried', 'not-tried']],
  [
    'the media server could not be asked',
    [{ ...udp, server: undefined, heard: [] }],
    ['not-tried', 'not-tried', 'not-seen'],
  ],
  [
    'a stray that left from the server’s own address is none',
    [{ ...udp, stray: { outcome: 'sent', from: remote.address } }],
    ['seen', 'not-seen', 'not-tried'],
  ],
  ['a stray that could not be sent', [{ ...udp, stray: { outcome: 'failed' } }], ['seen', 'not-seen', 'not-tried']],
  [
    'a connection that anyone may make',
    [{ ...tcp, stray: { ...tcp.stray, outcome: 'connected' } }],
    ['seen', 'not-seen', 'seen'],
  ],
  [
    'a connection that the server may not make',
    [{ ...tcp, server: { id: 'text', fromStream: 'silent', fromOtherPort: 'silent' } }],
    ['not-seen', 'not-seen', 'not-seen'],
  ],
  [
    'a connection from any port of the server',
    [{ ...tcp, server: { id: 'text', fromStream: 'connected', fromOtherPort: 'connected' } }],
    ['seen', 'seen', 'not-seen'],
  ],
];
type Finding = ProbeFindings['fromServer'];
for (const [title, tried, [fromServer, fromOtherPort, fromElsewhere]] of cases) {
  test(title, () => assert.deepEqual(findingsOf(tried), { fromServer, fromOtherPort, fromElsewhere }));
}
