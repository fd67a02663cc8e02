import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressBytes,
  familyOf,
  formatAddress,
  isUnicastHost,
  parseIpAddress,
  parsePrefix,
  prefixContains,
} from './address.ts';

/** Texts of what addresses are made of. */
const addressLike = fc
  .array(
    fc.constantFrom('0', '1', '255', '256', '01', 'ffff', 'F', ':', '::', '.', '%1', '::ffff:', '192.0.2.1', ' '),
    {
      maxLength: 12,
    },
  )
  .map((words) => words.join(''));

const address = fc.oneof(fc.ipV4(), fc.ipV6());

test('a text is an address here where it is one for Node, zones left out', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 50 }), addressLike, address), (text) => {
      assert.equal(parseIpAddress(text) !== undefined, isIP(text) !== 0 && !text.includes('%'), text);
    }),
    { numRuns: 5_000 },
  );
});

test('canonical text is its own canonical form, and says the same bytes', () => {
  fc.assert(
    fc.property(address, (text) => {
      const canonical = parseIpAddress(text);
      assert.ok(canonical !== undefined);
      assert.equal(parseIpAddress(canonical), canonical);
      assert.equal(formatAddress(addressBytes(canonical)), canonical);
      assert.equal(addressBytes(canonical).length, familyOf(canonical) === 4 ? 4 : 16);
      isUnicastHost(canonical);
    }),
  );
});

test('any bytes of an address are a text that reads as these bytes', () => {
  const bytes = fc.constantFrom(4, 16).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  fc.assert(
    fc.property(bytes, (given) => {
      const isMapped = given.length === 16 && given.subarray(0, 10).every((byte) => byte === 0) && given[10] === 255;
      fc.pre(!isMapped);
      assert.deepEqual([...addressBytes(formatAddress(given))], [...given]);
    }),
  );
});

test('a prefix contains what shares its bits, and nothing else', () => {
  fc.assert(
    fc.property(address, fc.nat(140), fc.nat(127), (text, length, bit) => {
      const prefix = parsePrefix(`${text}/${length}`);
      if (!prefix) return;
      const bytes = addressBytes(prefix.address);
      assert.ok(length <= bytes.length * 8);
      const place = bit % (bytes.length * 8);
      const other = Uint8Array.from(bytes);
      other[place >> 3] = (other[place >> 3] ?? 0) ^ (0x80 >> (place & 7));
      const changed = formatAddress(other);
      fc.pre(familyOf(changed) === familyOf(prefix.address));
      assert.equal(prefixContains(prefix, changed), place >= length);
    }),
    { numRuns: 1_000 },
  );
});
