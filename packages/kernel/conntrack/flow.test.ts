import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAnswers } from '../netlink/message.ts';
import * as vectors from '../netlink/vectors.ts';
import { NetlinkWriter, type Request } from '../netlink/writer.ts';
import { deleteFlow, dumpFlows, getFlow, markFlow, readFlow, type Tuple } from './flow.ts';

const tuple: Tuple = {
  transport: 'udp',
  from: { address: '127.0.0.1', port: 7000 },
  to: { address: '127.0.0.1', port: 5001 },
};

function attributesOf(request: Request): string {
  const writer = new NetlinkWriter();
  request.write(writer);
  return writer.bytes().toString('hex');
}

function flowOf(bytes: Buffer) {
  const [answer] = decodeAnswers(bytes);
  assert.ok(answer?.kind === 'message');
  return readFlow(answer.payload);
}

test('a flow is named as conntrack(8) names it', () => {
  const original = vectors.conntrackOriginal.toString('hex');
  assert.equal(attributesOf(deleteFlow(tuple)), original);
  assert.equal(attributesOf(getFlow(tuple, 'original')), original);
  assert.equal(attributesOf(getFlow(tuple, 'reply')), original.replace('34000180', '34000280'));
  assert.equal(attributesOf(markFlow(tuple, 0x01020304)), `${original}0800080001020304`);
  // Of an entry that is there, and none is made where it is not.
  assert.deepEqual([markFlow(tuple, 1).type, markFlow(tuple, 1).flags], [0x0100, 0]);
  assert.deepEqual([deleteFlow(tuple).type, getFlow(tuple, 'reply').type], [0x0102, 0x0101]);
});

test('a dump is narrowed to a protocol and one port of one direction', () => {
  const { from } = tuple;
  const asked = dumpFlows('udp', 'reply', 'to', from);
  assert.equal(asked.flags, 0x300);
  assert.ok(attributesOf(asked).endsWith('0c0019800800020028000000'));
  assert.ok(attributesOf(dumpFlows('udp', 'original', 'from', from)).endsWith('0c0019800800010018000000'));
});

test("flows are read: the kernel's own bytes", () => {
  assert.deepEqual(flowOf(vectors.flow4Answer), {
    original: tuple,
    reply: { transport: 'udp', from: tuple.to, to: tuple.from },
    mark: 0x01020304,
  });
  const { original, mark } = flowOf(vectors.flow6Answer);
  assert.equal(mark, 7);
  assert.deepEqual(original, {
    transport: 'udp',
    from: { address: '::1', port: 5000 },
    to: { address: '::1', port: 7001 },
  });
  const writer = new NetlinkWriter();
  getFlow(original, 'original').write(writer);
  assert.deepEqual(writer.bytes(), vectors.flow6Answer.subarray(20, 20 + 76));
});
