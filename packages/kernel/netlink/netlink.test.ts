import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFlow } from '../conntrack/flow.ts';
import { readElements } from '../nftables/element.ts';
import { readTableComment } from '../nftables/table.ts';
import { MalformedNetlink } from './attribute.ts';
import { encodeBatch } from './batch.ts';
import { decodeAnswers } from './message.ts';
import * as vectors from './vectors.ts';
import { NetlinkWriter } from './writer.ts';

test("answers are read: the kernel's own bytes", () => {
  assert.deepEqual(decodeAnswers(vectors.absentAnswer), [{ kind: 'error', sequence: 2, errno: 2 }]);
  assert.deepEqual(decodeAnswers(vectors.existsAnswer), [{ kind: 'error', sequence: 11, errno: 17 }]);
  const [last, done] = decodeAnswers(vectors.dumpDone);
  assert.equal(last?.kind, 'message');
  assert.deepEqual(done, { kind: 'done', sequence: 3, errno: 0 });
  const [table, ...more] = decodeAnswers(vectors.tableAnswer);
  assert.ok(table?.kind === 'message');
  assert.deepEqual(more, []);
  assert.deepEqual(table.head, { type: 0x0a00, flags: 0, sequence: 1, family: 1, resource: 2 });
  assert.equal(readTableComment(table.payload), 'v1');
});

test('several answers in one datagram keep their order', () => {
  const kinds = decodeAnswers(Buffer.concat([vectors.mapDump, vectors.dumpDone, vectors.existsAnswer]));
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['message', 'message', 'done', 'error'],
  );
});

test('a batch is framed as nft(8) frames it, numbered, and acknowledged at its last message', () => {
  const empty = { type: 0x0a0c, flags: 0x400, family: 1, write: (writer: NetlinkWriter) => writer.text(1, 't') };
  const bytes = encodeBatch(10, [empty], 0);
  assert.deepEqual(bytes.subarray(0, 20), vectors.nftAdded.begin);
  assert.deepEqual(bytes.subarray(-20), vectors.nftAdded.end);
  assert.deepEqual(bytes.subarray(20, -20).toString('hex'), '1c0000000c0a05040100000000000000010000000600010074000000');
  const two = encodeBatch(10, [empty, empty], 7);
  const flags = [26, 54].map((at) => two.readUInt16LE(at));
  const sequences = [8, 28, 56, 84].map((at) => two.readUInt32LE(at));
  assert.deepEqual(flags, [0x401, 0x405]);
  assert.deepEqual(sequences, [7, 8, 9, 10]);
});

test('what is written past the first capacity is as what is written within it', () => {
  const write = (writer: NetlinkWriter) => {
    for (let i = 0; i < 50; i++)
      writer.nested(1, () => {
        writer.text(2, 'x'.repeat(i));
        writer.u64(3, 2 ** 40 + i);
        writer.u32(4, 0xffffffff);
      });
    return writer.bytes();
  };
  assert.deepEqual(write(new NetlinkWriter(4)), write(new NetlinkWriter(100_000)));
});

/** Everything that is ever read of an answer. */
function readAll(bytes: Buffer): void {
  for (const answer of decodeAnswers(bytes)) {
    if (answer.kind !== 'message') continue;
    if (answer.head.type >> 8 === 1) readFlow(answer.payload);
    else if ((answer.head.type & 0xff) === 0) readTableComment(answer.payload);
    else readElements(answer.payload);
  }
}

const answers = Object.entries(vectors).flatMap(([name, value]) =>
  Buffer.isBuffer(value) && name !== 'conntrackOriginal' ? [value] : [],
);

test('bytes cut short are malformed, and nothing worse', () => {
  for (const whole of answers) {
    readAll(whole);
    for (let length = 1; length < whole.length; length++)
      try {
        readAll(whole.subarray(0, length));
        // Cut between two messages it is a shorter answer.
        assert.ok(length === whole.length - 20 || whole.length - length < 4);
      } catch (error) {
        assert.ok(error instanceof MalformedNetlink, `${error}`);
      }
  }
});

test('bytes changed anywhere are read or malformed, and nothing worse', () => {
  const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.constantFrom(...answers), fc.array(change, { minLength: 1, maxLength: 4 }), (whole, changes) => {
      const bytes = Buffer.from(whole);
      for (const { at, value } of changes) bytes[at % bytes.length] = value;
      try {
        readAll(bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedNetlink, `${error}`);
      }
    }),
    { numRuns: 5000 },
  );
});
