import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { StreamType } from '@sluice/model';
import type { Change, DataPlane, KernelOpening } from '../index.ts';

/** A data plane under test, and how time passes for it. */
export interface Subject {
  readonly plane: DataPlane;
  pass(ms: number): Promise<void> | void;
}

const none: Change = { add: [], renew: [], remove: [] };
const wan = '203.0.113.1';

function rtp(port: number, more: Partial<KernelOpening> = {}): KernelOpening {
  return { ...of('rtp', port), payloadType: 96, ...more };
}

function of(streamType: StreamType, port: number, more: Partial<KernelOpening> = {}): KernelOpening {
  return {
    streamType,
    remote: { address: '203.0.113.10', port: 7000 },
    global: { address: wan, port },
    local: { address: '192.168.1.2', port },
    tag: `opening-${port}|self::configuration-1`,
    ...more,
  };
}

const pinhole: KernelOpening = {
  streamType: 'tcp',
  remote: { address: '2001:db8:1::10' },
  global: { address: '2001:db8:100::2', port: 6000 },
  local: { address: '2001:db8:100::2', port: 6000 },
  tag: 'pinhole|self::configuration-1',
};

const esp: KernelOpening = {
  streamType: 'esp',
  remote: { address: '203.0.113.10' },
  global: { address: wan, port: 0 },
  local: { address: '192.168.1.2', port: 0 },
  tag: 'esp',
};

const hairpin = of('udp', 20_012, {
  remote: { address: wan, port: 20_014 },
  inside: { address: '192.168.1.3', port: 6000 },
  tag: 'hairpin',
});

const add = (...openings: KernelOpening[]): Change => ({
  ...none,
  add: openings.map((opening) => ({ opening, leaseMs: 60_000 })),
});
const remove = (...openings: KernelOpening[]): Change => ({ ...none, remove: openings });

function tags({ plane }: Subject): string[] {
  return plane
    .read()
    .map(({ tag }) => tag)
    .sort();
}

/** What every DataPlane does, packets aside: the kernel and its twin in memory run the same. */
export const contract: readonly (readonly [string, (subject: Subject) => Promise<void> | void])[] = [
  [
    'what was committed is read back as it was, tags too',
    ({ plane }) => {
      const openings = [
        rtp(20_000),
        of('rtcp', 20_002),
        rtp(20_004, { remote: { address: '203.0.113.10' }, tag: 'ä'.repeat(60) }),
        rtp(20_006, { remote: { port: 7000 }, tag: '' }),
        of('rtp-mux', 20_008, { remote: {} }),
        of('udp', 20_010),
        of('sctp', 20_010, { tag: 'sctp' }),
        hairpin,
        esp,
        pinhole,
      ];
      assert.equal(plane.commit(add(...openings)), undefined);
      const read = plane.read();
      assert.equal(read.length, openings.length);
      for (const [index, looked] of plane.look(openings).entries()) {
        assert.ok(looked);
        const { remainingMs, packets, bytes, ...opening } = looked;
        assert.deepEqual(opening, openings[index]);
        assert.ok(remainingMs > 50_000 && remainingMs <= 60_000);
        assert.deepEqual([packets, bytes], [0, 0]);
        const { remainingMs: _, ...same } = read.find(({ tag }) => tag === opening.tag) ?? looked;
        assert.deepEqual(same, { ...opening, packets, bytes });
      }
    },
  ],
  [
    'a taken key fails the whole change, with its place',
    (subject) => {
      const { plane } = subject;
      assert.equal(plane.commit(add(rtp(20_000))), undefined);
      const failure = plane.commit({ ...add(rtp(20_002), rtp(20_004), rtp(20_000)), remove: [rtp(20_006)] });
      assert.deepEqual(failure, { reason: 'exists', errno: 17, at: { list: 'add', index: 2 } });
      assert.deepEqual(tags(subject), [rtp(20_000).tag]);
      // Other data under the same key is no less taken.
      const other = rtp(20_000, { local: { address: '192.168.1.3', port: 1 }, tag: 'other' });
      assert.equal(plane.commit(add(other))?.reason, 'exists');
      assert.deepEqual(tags(subject), [rtp(20_000).tag]);
    },
  ],
  [
    'one key twice in a change is found',
    (subject) => {
      const twice = add(rtp(20_000), rtp(20_002), rtp(20_000, { tag: 'again' }));
      assert.deepEqual(subject.plane.commit(twice)?.at, { list: 'add', index: 2 });
      assert.deepEqual(tags(subject), []);
    },
  ],
  [
    'a local endpoint leaves for one remote endpoint from one global port only',
    (subject) => {
      const second = rtp(20_002, { local: rtp(20_000).local });
      assert.equal(subject.plane.commit(add(rtp(20_000))), undefined);
      assert.deepEqual(subject.plane.commit(add(second))?.reason, 'exists');
      const elsewhere = { ...second, remote: { address: '203.0.113.11', port: 7000 } };
      assert.equal(subject.plane.commit(add(elsewhere)), undefined);
    },
  ],
  [
    'one ESP opening for each peer at a global address, and for each peer from a device',
    ({ plane }) => {
      assert.equal(plane.commit(add(esp)), undefined);
      const other = { ...esp, local: { address: '192.168.1.3', port: 0 }, tag: 'other' };
      assert.equal(plane.commit(add(other))?.reason, 'exists');
      assert.equal(plane.commit(add({ ...other, remote: { address: '203.0.113.11' } })), undefined);
      assert.equal(plane.read().length, 2);
    },
  ],
  [
    'UDP and TCP have ports of their own; shapes too',
    ({ plane }) => {
      const tcp = of('tcp', 20_000, { tag: 'tcp' });
      const wide = rtp(20_000, { remote: {}, tag: 'wide' });
      assert.equal(plane.commit(add(rtp(20_000), tcp, wide)), undefined);
      assert.equal(plane.read().length, 3);
    },
  ],
  [
    'remove and add of one key in one change replaces; where that fails the old one stays',
    (subject) => {
      const { plane } = subject;
      const [old, next] = [rtp(20_000), rtp(20_000, { local: { address: '192.168.1.3', port: 9 }, tag: 'next' })];
      assert.equal(plane.commit(add(old, rtp(20_002))), undefined);
      const failure = plane.commit({ ...add(next, rtp(20_002)), remove: [old] });
      assert.deepEqual(failure, { reason: 'exists', errno: 17, at: { list: 'add', index: 1 } });
      assert.deepEqual(tags(subject), [old.tag, rtp(20_002).tag]);
      assert.equal(plane.commit({ ...add(next), remove: [old] }), undefined);
      assert.deepEqual(tags(subject), ['next', rtp(20_002).tag]);
    },
  ],
  [
    'removing is done once; what is not there, or is there under another tag, is left',
    (subject) => {
      const { plane } = subject;
      assert.equal(plane.commit(add(rtp(20_000), pinhole)), undefined);
      assert.equal(plane.commit(remove(rtp(20_000, { tag: 'other' }), rtp(20_002))), undefined);
      assert.equal(plane.read().length, 2);
      assert.deepEqual(plane.look([rtp(20_000, { tag: 'other' }), rtp(20_002)]), [undefined, undefined]);
      assert.equal(plane.commit(remove(rtp(20_000), pinhole, rtp(20_000))), undefined);
      assert.deepEqual(plane.read(), []);
      assert.equal(plane.commit(remove(rtp(20_000))), undefined);
      assert.equal(plane.commit(none), undefined);
    },
  ],
  [
    'a renewal is a new time from now, of what is held as told; all of them or none',
    async (subject) => {
      const { plane } = subject;
      const [one, two] = [rtp(20_000), rtp(20_002)];
      const renew = (...openings: KernelOpening[]): Change => ({
        ...none,
        renew: openings.map((opening) => ({ opening, leaseMs: 90_000 })),
      });
      assert.equal(plane.commit(add(one, two)), undefined);
      const missing = { reason: 'missing', errno: 2, at: { list: 'renew', index: 1 } };
      assert.deepEqual(plane.commit(renew(one, rtp(20_004))), missing);
      assert.deepEqual(plane.commit(renew(one, rtp(20_002, { tag: 'other' }))), missing);
      assert.deepEqual(plane.commit(renew(one, rtp(20_002, { payloadType: 97 }))), missing);
      for (const held of plane.read()) assert.ok(held.remainingMs <= 60_000);
      assert.deepEqual(plane.commit({ ...renew(one, two), remove: [two] }), missing);
      assert.equal(plane.commit(renew(one, two)), undefined);
      for (const held of plane.read()) assert.ok(held.remainingMs > 60_000 && held.remainingMs <= 90_000);
      assert.equal(plane.commit({ ...none, renew: [{ opening: one, leaseMs: 100 }] }), undefined);
      await subject.pass(150);
      assert.deepEqual(tags(subject), [two.tag]);
      assert.deepEqual(plane.commit(renew(two, one)), missing);
    },
  ],
  [
    'what ran out is gone, and its key is free',
    async (subject) => {
      const { plane } = subject;
      assert.equal(plane.commit({ ...none, add: [{ opening: rtp(20_000), leaseMs: 50 }] }), undefined);
      await subject.pass(100);
      assert.deepEqual(plane.read(), []);
      assert.deepEqual(plane.look([rtp(20_000)]), [undefined]);
      assert.equal(plane.commit(remove(rtp(20_000))), undefined);
      assert.equal(plane.commit(add(rtp(20_000, { tag: 'next' }))), undefined);
      assert.deepEqual(tags(subject), ['next']);
    },
  ],
  [
    'what the kernel could not hold as told is refused before it is asked',
    (subject) => {
      const bad: [string, KernelOpening][] = [
        ['port of the masquerade', rtp(32_768)],
        ['port 0', rtp(20_000, { local: { address: '192.168.1.2', port: 0 } })],
        ['remote port 65536', rtp(20_000, { remote: { port: 65_536 } })],
        ['families mixed', rtp(20_000, { remote: { address: '2001:db8::1' } })],
        ['families mixed', rtp(20_000, { local: { address: '2001:db8::1', port: 1 } })],
        ['translated pinhole', { ...pinhole, local: { address: '2001:db8:100::2', port: 6001 } }],
        ['payload type 128', rtp(20_000, { payloadType: 128 })],
        ['payload type of UDP', rtp(20_000, { streamType: 'udp' })],
        ['ESP of anybody', { ...esp, remote: {} }],
        ['ESP with a port', { ...esp, remote: { address: '203.0.113.10', port: 4500 } }],
        ['ESP at a port', { ...esp, global: { address: wan, port: 500 } }],
        ['ESP to a port', { ...esp, local: { address: '192.168.1.2', port: 500 } }],
        ['hairpin from a port that is none', { ...hairpin, inside: { address: '192.168.1.3', port: 0 } }],
        ['hairpin from no port of its own', { ...hairpin, remote: { address: wan } }],
        ['hairpin of IPv6', { ...pinhole, inside: { address: '2001:db8:100::3', port: 6000 } }],
        ['SCTP to no port', of('sctp', 20_000, { local: { address: '192.168.1.2', port: 0 } })],
        ['tag of 121 bytes', rtp(20_000, { tag: 'x'.repeat(121) })],
        ['tag with NUL', rtp(20_000, { tag: 'a\0b' })],
      ];
      for (const [what, opening] of bad) {
        const failure = subject.plane.commit(add(rtp(20_008), opening));
        assert.deepEqual(failure, { reason: 'refused', errno: 22, at: { list: 'add', index: 1 } }, what);
      }
      for (const leaseMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        assert.equal(subject.plane.commit({ ...none, add: [{ opening: rtp(20_000), leaseMs }] })?.reason, 'refused');
      assert.deepEqual(tags(subject), []);
    },
  ],
];

/** Time for a kernel. */
export const realTime = (ms: number): Promise<void> => setTimeout(ms);
