import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, compare, type LexicalType, listItems, readDateTime, writeDateTime } from './index.ts';

test('values in canonical form, and what is not of the type', () => {
  const cases: [type: LexicalType, text: string, canonical: string | undefined][] = [
    ['string', ' any thing ', ' any thing '],
    ['boolean', 'true', 'true'],
    ['boolean', '1', 'true'],
    ['boolean', '0', 'false'],
    ['boolean', 'True', undefined],
    ['boolean', '', undefined],
    ['int', '-2147483648', '-2147483648'],
    ['int', '2147483648', undefined],
    ['int', '+007', '7'],
    ['int', '-0', '0'],
    ['int', '1.0', undefined],
    ['int', ' 1', undefined],
    ['int', '0x10', undefined],
    ['unsignedInt', '4294967295', '4294967295'],
    ['unsignedInt', '4294967296', undefined],
    ['unsignedInt', '-1', undefined],
    ['long', '-9223372036854775808', '-9223372036854775808'],
    ['long', '9223372036854775808', undefined],
    ['unsignedLong', '18446744073709551615', '18446744073709551615'],
    ['unsignedLong', '18446744073709551616', undefined],
    ['unsignedLong', '9'.repeat(100), undefined],
    ['decimal', '-1.50', '-1.50'],
    ['decimal', '.', undefined],
    ['decimal', '1e5', undefined],
    ['base64', 'AQID', 'AQID'],
    ['base64', 'AQI=', 'AQI='],
    ['base64', 'AQI', undefined],
    ['hexBinary', 'aAff', 'AAFF'],
    ['hexBinary', 'abc', undefined],
    ['dateTime', '2026-01-31T10:00:00Z', '2026-01-31T10:00:00Z'],
    ['dateTime', '2026-01-31T10:00:00', '2026-01-31T10:00:00Z'],
    ['dateTime', '2026-01-31T10:00:00.25+02:30', '2026-01-31T07:30:00.250Z'],
    ['dateTime', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['dateTime', '2026-02-29T00:00:00Z', undefined],
    ['dateTime', '2026-13-01T00:00:00Z', undefined],
    ['dateTime', '2026-01-01T24:00:00Z', undefined],
    ['dateTime', '2026-01-01T00:00:00+15:00', undefined],
    ['dateTime', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['dateTime', 'yesterday', undefined],
  ];
  for (const [type, text, wanted] of cases) assert.equal(canonical(type, text), wanted, `${type} ${text}`);
});

test('moments go both ways', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      assert.equal(readDateTime(writeDateTime(date.getTime())), date.getTime());
    }),
  );
});

test('numbers are ordered as numbers, moments as moments', () => {
  assert.ok(compare('unsignedInt', '9', '10') < 0);
  assert.ok(compare('unsignedLong', '18446744073709551615', '18446744073709551614') > 0);
  assert.ok(compare('decimal', '1.5', '1.25') > 0);
  assert.ok(compare('dateTime', '2026-01-01T00:00:00Z', '2025-12-31T23:59:59Z') > 0);
  assert.equal(compare('string', 'a', 'a'), 0);
  assert.notEqual(compare('string', 'a', 'A'), 0);
});

test('lists: spaces around items do not count, and nothing is the empty list', () => {
  assert.deepEqual(listItems(' a , b,c '), ['a', 'b', 'c']);
  assert.deepEqual(listItems(''), []);
  assert.deepEqual(listItems(' '), []);
});
