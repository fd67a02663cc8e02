import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, compare, isEndpointId, keyed, type LexicalType, parsePath, quote } from './index.ts';

const types: readonly LexicalType[] = [
  ...(['string', 'boolean', 'int', 'unsignedInt', 'long', 'unsignedLong', 'decimal', 'dateTime'] as const),
  ...(['base64', 'hexBinary'] as const),
];

/** Texts of the characters that values are made of, so that many of them are values. */
const valueLike = fc.string({ unit: fc.constantFrom(...'0123456789+-.:TZeEtruefalsABC=/ ,'), maxLength: 24 });
const two = (most: number) => fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
const moments = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), two(13), two(32), two(24), two(60), two(60), two(15), two(60))
  .map(([year, month, day, hour, minute, second, zoneHour, zoneMinute]) => {
    const zone = `${year % 2 ? '+' : '-'}${zoneHour}:${zoneMinute}`;
    return `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${zone}`;
  });

test('a canonical value is its own canonical form, and equals itself', () => {
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.oneof(fc.string(), valueLike, moments), (type, text) => {
      const value = canonical(type, text);
      if (value === undefined) return;
      assert.equal(canonical(type, value), value);
      assert.equal(compare(type, value, value), 0);
    }),
    { numRuns: 1_000 },
  );
});

test('a moment whose zone carries it out of the years 0000 to 9999 is none', () => {
  assert.equal(canonical('dateTime', '0000-01-01T00:00:00+00:01'), undefined);
  assert.equal(canonical('dateTime', '9999-12-31T23:59:59-14:00'), undefined);
  assert.equal(canonical('dateTime', '0000-01-01T14:00:00+14:00'), '0000-01-01T00:00:00Z');
});

test('a value put into a path in quotes comes out as it went in, and adds nothing to the path', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (value) => {
      const parsed = parsePath(keyed('Device.NAT.PortMapping.', { Alias: value }));
      assert.ok(parsed.ok);
      assert.equal(parsed.value.steps.length, 4);
      assert.deepEqual(parsed.value.steps[3], {
        kind: 'search',
        terms: [{ operand: [{ name: 'Alias' }], operator: '==', value, quoted: true }],
      });
      assert.doesNotMatch(quote(value).slice(1, -1), /"/);
    }),
  );
});

test('any text is a path or refused, with a place in it', () => {
  const pathLike = fc.string({
    unit: fc.constantFrom('Device.', 'A', '1', '.', '*', '[', ']', '==', '"', '+', '#', '!', '()', '&&'),
  });
  fc.assert(
    fc.property(fc.oneof(fc.string(), pathLike), (text) => {
      const parsed = parsePath(text);
      if (!parsed.ok) assert.ok(parsed.failure.offset >= 0 && parsed.failure.offset <= text.length);
    }),
    { numRuns: 1_000 },
  );
});

test('an endpoint id is of few printable characters, none of which means anything elsewhere', () => {
  const schemes = fc.constantFrom('self', 'user', 'proto', 'doc', 'os', 'oui', 'uuid', 'constructor', '__proto__');
  fc.assert(
    fc.property(schemes, fc.string({ maxLength: 6 }), fc.string({ maxLength: 60 }), (scheme, authority, instance) => {
      const text = `${scheme}:${authority}:${instance}`;
      if (isEndpointId(text)) assert.match(text, /^[A-Za-z0-9:._~%-]{1,70}$/);
    }),
    { numRuns: 1_000 },
  );
  for (const authority of ['\n', '\r\n', ' ', '|', '"', 'é', '/'])
    assert.equal(isEndpointId(`self:${authority}:a`), false);
  assert.ok(isEndpointId('self:a-._~1:a'));
  assert.ok(isEndpointId(`self::${'%41'.repeat(16)}aa`) && !isEndpointId(`self::${'%41'.repeat(17)}`));
});
