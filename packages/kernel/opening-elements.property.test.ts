import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '@sluice/model';
import fc from 'fast-check';
import type { KernelOpening } from './data-plane.ts';
import { MalformedNetlink } from './netlink/attribute.ts';
import { decodeAnswers } from './netlink/message.ts';
import { NetlinkWriter } from './netlink/writer.ts';
import { addElement, readElements } from './nftables/element.ts';
import { arrivalKey, elementsOf, readArrivalKey, readEndpoint, readMark, shapeOf } from './opening-elements.ts';
import { shapes } from './ruleset-parts.ts';

const plain = { noNullPrototype: true } as const;
const port = fc.integer({ min: 1, max: 65_535 });

/** Openings of one family, of every shape. */
const openings: fc.Arbitrary<KernelOpening> = fc.constantFrom(4, 16).chain((length) => {
  const address = fc.uint8Array({ minLength: length, maxLength: length }).map(formatAddress);
  const endpoint = fc.record({ address, port }, plain);
  return fc.record({
    streamType: fc.constantFrom('tcp' as const, 'udp' as const, 'rtp' as const, 'sctp' as const),
    remote: fc.record({ address, port }, { ...plain, requiredKeys: [] }),
    global: endpoint,
    local: endpoint,
    tag: fc.string({ unit: fc.constantFrom(...'abc|%1'), maxLength: 120 }),
  });
});

/** A canonical IPv4 address has no `:`; one that is IPv4-mapped is written as IPv4, which is of the other family. */
const isOneFamily = ({ remote, global, local }: KernelOpening) =>
  new Set([remote.address, global.address, local.address].flatMap((text) => (text ? [text.includes(':')] : [])))
    .size === 1;

test('the key of an opening says what the opening says', () => {
  fc.assert(
    fc.property(openings.filter(isOneFamily), (opening) => {
      const { key } = arrivalKey(opening);
      const family = opening.global.address.includes(':') ? 6 : 4;
      assert.deepEqual(readArrivalKey(Buffer.from(key), family, shapeOf(opening)), {
        remote: opening.remote,
        global: opening.global,
      });
    }),
  );
});

test('elements are read as they were written, however little room there was at first', () => {
  const count = fc.record({ packets: fc.maxSafeNat(), bytes: fc.maxSafeNat() }, plain);
  fc.assert(
    fc.property(openings.filter(isOneFamily), count, fc.integer({ min: 1, max: 400 }), (opening, counted, room) => {
      for (const element of elementsOf(opening, 7, 9_000, counted)) {
        const writer = new NetlinkWriter(room);
        const { type, flags, family, write } = addElement('sluice', element);
        writer.message({ type, flags, family, sequence: 1 }, () => write(writer));
        const [answer] = decodeAnswers(writer.bytes());
        assert.ok(answer?.kind === 'message');
        const [held] = readElements(answer.payload);
        assert.deepEqual(held?.key, Buffer.from(element.key));
        assert.deepEqual(held?.data, element.data && Buffer.from(element.data));
        assert.equal(held?.comment, element.comment ?? '');
        assert.deepEqual(held?.count, element.count ?? { packets: 0, bytes: 0 });
      }
    }),
  );
});

test('any bytes as key or data are read or malformed, and nothing worse', () => {
  const bytes = fc.uint8Array({ maxLength: 48 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(
      bytes,
      fc.constantFrom(4 as const, 6 as const),
      fc.constantFrom(...shapes, 'peer' as const),
      (key, family, shape) => {
        for (const read of [() => readMark(key), () => readEndpoint(key), () => readArrivalKey(key, family, shape)])
          try {
            read();
          } catch (error) {
            assert.ok(error instanceof MalformedNetlink, `${error}`);
          }
      },
    ),
    { numRuns: 500 },
  );
});

test('a counter beyond what a number holds is the most that it holds', () => {
  const writer = new NetlinkWriter();
  const element = { set: 's', key: Uint8Array.of(1, 0, 0, 0), count: { packets: 1, bytes: 2 } };
  writer.message({ type: 0xa0c, flags: 0, family: 1, sequence: 1 }, () => addElement('sluice', element).write(writer));
  const bytes = writer.bytes();
  const at = bytes.lastIndexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]));
  bytes.fill(0xff, at, at + 8);
  const [answer] = decodeAnswers(bytes);
  assert.ok(answer?.kind === 'message');
  assert.deepEqual(readElements(answer.payload)[0]?.count, { packets: Number.MAX_SAFE_INTEGER, bytes: 2 });
});
