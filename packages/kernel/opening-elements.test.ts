import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KernelOpening } from './index.ts';
import { arrivalKey, elementsOf, readArrivalKey, readEndpoint, readMark, shapeOf } from './opening-elements.ts';
import { shapes } from './ruleset-parts.ts';

const opening4: KernelOpening = {
  streamType: 'rtp',
  payloadType: 96,
  remote: { address: '203.0.113.10', port: 7000 },
  global: { address: '203.0.113.1', port: 20_000 },
  local: { address: '192.168.1.2', port: 5000 },
  tag: 'a',
};
const opening6: KernelOpening = {
  streamType: 'tcp',
  remote: { address: '2001:db8:1::10', port: 7000 },
  global: { address: '2001:db8:100::2', port: 5000 },
  local: { address: '2001:db8:100::2', port: 5000 },
  tag: 'b',
};
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

test('an IPv4 opening is six elements, each field filling its registers', () => {
  const elements = elementsOf(opening4, 0x01020304, 1000.5).map(({ set, key, data, timeoutMs, comment }) => [
    set,
    hex(key),
    hex(data),
    timeoutMs,
    comment,
  ]);
  assert.deepEqual(elements, [
    ['in4_sap', '11000000cb00710a1b580000cb0071014e200000', '04030201', 1001, 'a'],
    ['live', '04030201', '60010000', 1001, undefined],
    ['counted', '04030201', undefined, 1001, undefined],
    ['out4_sap', '11000000c0a8010213880000cb00710a1b580000', '04030201', 1001, undefined],
    ['local4', '04030201', 'c0a8010213880000', 1001, undefined],
    ['global4', '04030201', 'cb0071014e200000', 1001, undefined],
  ]);
});

test('an IPv6 opening is three, and the same for both directions', () => {
  const elements = elementsOf(opening6, 5, 1000, { packets: 3, bytes: 600 });
  assert.deepEqual(
    elements.map(({ set }) => set),
    ['in6_sap', 'live', 'counted'],
  );
  const [arrival, , counted] = elements;
  const far = '20010db8000100000000000000000010';
  const near = '20010db8010000000000000000000002';
  assert.equal(hex(arrival?.key), `06000000${far}1b580000${near}13880000`);
  assert.deepEqual(counted?.count, { packets: 3, bytes: 600 });
});

test('ESP has no ports: two addresses make a key', () => {
  const esp: KernelOpening = {
    streamType: 'esp',
    remote: { address: '203.0.113.10' },
    global: { address: '203.0.113.1', port: 0 },
    local: { address: '192.168.1.2', port: 0 },
    tag: 'c',
  };
  assert.deepEqual(
    elementsOf(esp, 5, 1000).map(({ set, key, data }) => [set, hex(key), hex(data)]),
    [
      ['in4_peer', '32000000cb00710acb007101', '05000000'],
      ['live', '05000000', '07000000'],
      ['counted', '05000000', undefined],
      ['out4_peer', '32000000c0a80102cb00710a', '05000000'],
      ['local4', '05000000', 'c0a8010200000000'],
      ['global4', '05000000', 'cb00710100000000'],
    ],
  );
  const { key } = arrivalKey(esp);
  assert.deepEqual(readArrivalKey(Buffer.from(key), 4, 'peer'), { remote: esp.remote, global: esp.global });
});

test('keys are read back to what they were made of, in every shape and family', () => {
  for (const [family, opening] of [
    [4, opening4],
    [6, opening6],
  ] as const) {
    const { address = '', port = 0 } = opening.remote;
    const remotes: KernelOpening['remote'][] = [{ address, port }, { address }, { port }, {}];
    assert.deepEqual(
      remotes.map((remote) => shapeOf({ ...opening, remote })),
      shapes,
    );
    for (const [index, remote] of remotes.entries()) {
      const { set, key } = arrivalKey({ ...opening, remote });
      const shape = shapes[index];
      assert.ok(shape);
      assert.equal(set, `in${family}_${shape}`);
      assert.deepEqual(readArrivalKey(Buffer.from(key), family, shape), { remote, global: opening.global });
    }
  }
  assert.deepEqual(readEndpoint(Buffer.from('c0a8010213880000', 'hex')), opening4.local);
  assert.equal(readMark(Buffer.from('04030201', 'hex')), 0x01020304);
});
