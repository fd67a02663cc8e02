import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeMsg,
  decodeRecord,
  defaultMaxRecordBytes,
  encodeMsg,
  encodeRecord,
  messageRecord,
  requestMsg,
  type UspRequest,
} from './index.ts';
import { mostFields } from './scan.ts';

const names = fc.string({ maxLength: 20, unit: 'binary' });
const settings = fc.array(fc.record({ param: names, value: names, required: fc.boolean() }), { maxLength: 4 });

/** Requests with any texts in them. */
const requests: fc.Arbitrary<UspRequest> = fc.oneof(
  fc.record({
    case: fc.constant('get' as const),
    value: fc.record({ paramPaths: fc.array(names), maxDepth: fc.nat() }),
  }),
  fc.record({
    case: fc.constant('add' as const),
    value: fc.record({
      allowPartial: fc.boolean(),
      createObjs: fc.array(fc.record({ objPath: names, paramSettings: settings }), { maxLength: 4 }),
    }),
  }),
  fc.record({
    case: fc.constant('operate' as const),
    value: fc.record({ command: names, commandKey: names, inputArgs: fc.dictionary(names, names, { maxKeys: 4 }) }),
  }),
);

/** A varint in more bytes than it needs. */
const padded = (value: number, bytes: number) =>
  Uint8Array.from({ length: bytes }, (_, index) => (index === 0 ? value : 0) | (index < bytes - 1 ? 0x80 : 0));

test('a message comes out as it went in, whatever texts it carries', () => {
  fc.assert(
    fc.property(requests, fc.string({ minLength: 1, maxLength: 64, unit: 'binary' }), (request, id) => {
      const bytes = encodeMsg(requestMsg(id, request));
      const decoded = decodeMsg(bytes);
      assert.ok(decoded.ok);
      assert.equal(decoded.value.header?.msgId, id);
      assert.deepEqual(encodeMsg(decoded.value), bytes);
    }),
  );
});

test('bytes of a message that were changed are a message or refused, with a place in them', () => {
  const change = fc.record({ at: fc.nat(), remove: fc.nat(12), put: fc.uint8Array({ maxLength: 12 }) });
  fc.assert(
    fc.property(requests, fc.array(change, { minLength: 1, maxLength: 4 }), (request, changes) => {
      let bytes = Buffer.from(encodeMsg(requestMsg('m', request)));
      for (const { at, remove, put } of changes) {
        const start = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + remove)]);
      }
      for (const decoded of [decodeMsg(bytes), decodeRecord(bytes)]) {
        if (!decoded.ok) assert.ok(decoded.failure.offset >= 0 && decoded.failure.offset <= bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('a tag of more bytes than 32 bits need is refused, as decoders do', () => {
  const version = Uint8Array.of(3, 0x31, 0x2e, 0x34);
  for (const length of [6, 10]) {
    const decoded = decodeRecord(Buffer.concat([padded(0x0a, length), version]));
    assert.deepEqual(!decoded.ok && [decoded.failure.reason, decoded.failure.offset], ['wire-format', 0]);
  }
});

test('an id that cannot be named in an Error is not answered', () => {
  const header = Uint8Array.of(0x0a, 5, 0x0a, 3, 0xef, 0xbb, 0xbf);
  const brokenRequest = Uint8Array.of(0x12, 3, 0x0a, 1, 0x0b);
  const decoded = decodeMsg(Buffer.concat([header, brokenRequest]));
  assert.equal(!decoded.ok && decoded.failure.answerTo, '\ufeff');
});

test('a message of very many fields is refused before it is built', () => {
  const of = (count: number) =>
    encodeMsg(requestMsg('m', { case: 'get', value: { paramPaths: new Array<string>(count).fill('') } }));
  // Header, msg_id, msg_type, body, request, get.
  const besides = 6;
  assert.ok(decodeMsg(of(mostFields - besides)).ok);
  const decoded = decodeMsg(of(mostFields - besides + 1));
  assert.deepEqual(!decoded.ok && [decoded.failure.reason, decoded.failure.answerTo], ['too-large', 'm']);
  const record = encodeRecord(messageRecord('self::a', 'self::b', of(mostFields)));
  assert.ok(record.length < defaultMaxRecordBytes && decodeRecord(record).ok);
});
