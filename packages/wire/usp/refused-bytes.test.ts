import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  connectRecord,
  decodeMsg,
  decodeRecord,
  encodeMsg,
  encodeRecord,
  isEndpointId,
  messageRecord,
  requestMsg,
  type WireReason,
} from './index.ts';

const text = (value: string): number[] => [...Buffer.from(value)];
/** A length-delimited field. */
const field = (number: number, content: number[]): number[] => [number * 8 + 2, content.length, ...content];
const from = field(3, text('self::b'));
const to = field(2, text('self::a'));
const version = field(1, text('1.4'));
const payload = field(7, field(2, [1]));

const refused: readonly [what: string, bytes: number[], reason: WireReason, offset: number][] = [
  ['two record types', [...version, ...to, ...from, ...payload, ...field(9, [])], 'choice-repeated', 28],
  ['one record type twice', [...version, ...to, ...from, ...payload, ...payload], 'choice-repeated', 28],
  ['no record type', [...version, ...to, ...from], 'choice-missing', 0],
  ['version 2', [...field(1, text('2.0')), ...to, ...from, ...payload], 'version', 0],
  ['no version', [...to, ...from, ...payload], 'version', 0],
  ['no to_id', [...version, ...from, ...payload], 'endpoint-id', 0],
  ['a from_id that is none', [...version, ...to, ...field(3, text('gateway')), ...payload], 'endpoint-id', 0],
  ['an unknown payload security', [...version, ...to, ...from, 0x20, 7, ...payload], 'unknown-enum', 24],
  ['a group', [0x0b], 'wire-format', 0],
  ['field number 0', [0x02, 0x00], 'wire-format', 0],
  ['a varint of eleven bytes', [0x20, ...Array(10).fill(0x80), 1], 'wire-format', 1],
  ['a version that is a number', [0x08, 1], 'wire-format', 1],
  ['a version that is not UTF-8', field(1, [0xff]), 'not-utf8', 2],
  ['a length beyond the end', [0x0a, 5, 0x31], 'truncated', 2],
];

for (const [what, bytes, reason, offset] of refused) {
  test(`a record with ${what} is refused: ${reason} at ${offset}`, () => {
    const decoded = decodeRecord(new Uint8Array(bytes));
    assert.ok(!decoded.ok);
    assert.deepEqual([decoded.failure.reason, decoded.failure.offset], [reason, offset]);
  });
}

test('a record longer than the limit is refused before it is read', () => {
  const record = encodeRecord(connectRecord('self::a', 'self::b'));
  const decoded = decodeRecord(record, record.length - 1);
  assert.equal(!decoded.ok && decoded.failure.reason, 'too-large');
  assert.ok(decodeRecord(record, record.length).ok);
});

test('unknown fields are passed over', () => {
  const decoded = decodeRecord(new Uint8Array([...version, ...to, ...from, ...payload, ...field(15, [1, 2]), 0x70, 5]));
  assert.ok(decoded.ok);
});

const get = encodeMsg(requestMsg('id', { case: 'get', value: { paramPaths: ['Device.'] } }));
const header = field(1, [...field(1, text('id')), 0x10, 1]);

test('a request that cannot be read names the id to answer to; nothing else does (R-MTP.5)', () => {
  const answerTo = (bytes: readonly number[]) => {
    const decoded = decodeMsg(new Uint8Array(bytes));
    assert.ok(!decoded.ok, 'refused');
    return decoded.failure.answerTo;
  };
  const empty = field(2, field(1, []));
  assert.equal(answerTo([...header, ...empty]), 'id', 'a request that asks for nothing');
  assert.equal(answerTo([...header, ...field(2, field(2, []))]), undefined, 'a response');
  assert.equal(answerTo([...header, ...field(2, [])]), undefined);
  assert.equal(answerTo(header), undefined, 'no body');
  assert.equal(answerTo(empty), undefined, 'no id');
  assert.equal(answerTo([...field(1, field(1, [0xff])), ...empty]), undefined, 'an id that is not UTF-8');
});

test('a message without a usable msg_id is refused', () => {
  const body = [...field(2, field(1, field(1, field(1, text('Device.')))))];
  for (const id of ['', 'x'.repeat(257)]) {
    const bytes = encodeMsg(requestMsg(id, { case: 'get', value: { paramPaths: ['Device.'] } }));
    const decoded = decodeMsg(bytes);
    assert.equal(!decoded.ok && decoded.failure.reason, 'field-missing');
  }
  const decoded = decodeMsg(new Uint8Array(body));
  assert.equal(!decoded.ok && decoded.failure.reason, 'field-missing');
});

test('where header and body disagree the body counts (R-MSG.10)', () => {
  const wrong = get.slice();
  const at = wrong.indexOf(0x10) + 1;
  assert.equal(wrong[at], 1);
  wrong[at] = 8;
  const decoded = decodeMsg(wrong);
  assert.ok(decoded.ok);
  const body = decoded.value.body?.msgBody;
  assert.equal(body?.case === 'request' && body.value.reqType.case, 'get');
});

test('whatever bytes come, decoding answers and never throws', () => {
  const seed = encodeRecord(messageRecord('self::a', 'self::b', get));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeRecord(bytes);
      decodeMsg(bytes);
    }),
    { numRuns: 2000 },
  );
  const flips = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(flips, (changes) => {
      for (const original of [seed, get]) {
        const bytes = original.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const record = decodeRecord(bytes);
        const msg = decodeMsg(bytes);
        for (const decoded of [record, msg]) {
          if (!decoded.ok) assert.ok(decoded.failure.offset >= 0 && decoded.failure.offset <= bytes.length);
        }
      }
    }),
    { numRuns: 5000 },
  );
});

test('endpoint ids (R-ARC.5, R-ARC.6)', () => {
  const good = [
    'self::gateway-1',
    'self:abcdef:x',
    'oui:012345:a',
    'cid:3AA3F8:a%20b',
    'pen:3561:a',
    'os::012345-1',
    'ops::012345-Class-1',
    'uuid::f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    'fqdn::example.org',
    'proto::c',
    `self::${'x'.repeat(50)}`,
  ];
  const bad = [
    '',
    'self',
    'self:',
    'self::',
    'self::a b',
    'self::a:b',
    'self:abcdefg:x',
    'oui:01234:a',
    'oui:01234G:a',
    'pen:0:a',
    'os:x:a',
    'uuid::1',
    'SELF::a',
    'toString::a',
    'self::%zz',
    `self::${'x'.repeat(51)}`,
  ];
  for (const id of good) assert.ok(isEndpointId(id), id);
  for (const id of bad) assert.ok(!isEndpointId(id), id);
});
