import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAnswers } from '../netlink/message.ts';
import * as vectors from '../netlink/vectors.ts';
import { NetlinkWriter, type Request } from '../netlink/writer.ts';
import { addElement, dumpSet, flushSet, getElement, readComment, readElements, removeElement } from './element.ts';

const key = Buffer.from('06000000cb00710a1b580000cb0071014e200000', 'hex');
const names = Buffer.from('0600010074000000 08000200696e3400'.replace(' ', ''), 'hex');

function attributesOf(request: Request): Buffer {
  const writer = new NetlinkWriter();
  request.write(writer);
  return writer.bytes();
}

function elementsOf(bytes: Buffer) {
  const [answer] = decodeAnswers(bytes);
  assert.ok(answer?.kind === 'message');
  return readElements(answer.payload);
}

test('an element is written as nft(8) writes it', () => {
  const data = Buffer.from([5, 0, 0, 0]);
  const added = addElement('t', { set: 'in4', key, data, timeoutMs: 3_600_000, comment: 'hello' });
  assert.deepEqual(attributesOf(added), Buffer.concat([names, vectors.nftAdded.elements]));
  assert.equal(added.type, 0x0a0c);
  // Create, and never silently over another.
  assert.equal(added.flags, 0x600);
});

test('elements are read from a dump: key, data, time left, comment, count', () => {
  assert.deepEqual(elementsOf(vectors.mapDump), [
    {
      key: Buffer.from('11000000cb00710a1b580000cb0071014e200000', 'hex'),
      data: Buffer.from([5, 0, 0, 0]),
      remainingMs: 3_599_956,
      comment: 'hello',
      count: { packets: 0, bytes: 0 },
    },
  ]);
  assert.deepEqual(elementsOf(vectors.counterDump), [
    { key: Buffer.from([5, 0, 0, 0]), remainingMs: 3_599_956, comment: '', count: { packets: 3, bytes: 600 } },
  ]);
  assert.deepEqual(elementsOf(vectors.dumpDone), []);
});

test('a counter is written as the kernel tells it', () => {
  const counted = addElement('t', {
    set: 'counted',
    key: Buffer.from([5, 0, 0, 0]),
    count: { packets: 3, bytes: 600 },
  });
  const hex = attributesOf(counted).toString('hex');
  // Nest flags set by us, not by the kernel; else the same.
  assert.ok(
    hex.includes('2c0007800c000100636f756e746572001c0002800c00010000000000000002580c0002000000000000000003'),
    hex,
  );
});

test('asking, removing and emptying name set and key alone', () => {
  const one = getElement('t', { set: 'in4', key });
  assert.equal(attributesOf(one).length, names.length + 4 + 4 + 4 + 4 + key.length);
  assert.deepEqual(attributesOf(removeElement('t', { set: 'in4', key })), attributesOf(one));
  assert.deepEqual(attributesOf(dumpSet('t', 'in4')), names);
  assert.deepEqual(attributesOf(flushSet('t', 'in4')), names);
  assert.deepEqual(
    [one.type, removeElement('t', { set: 'in4', key }).type, flushSet('t', 'in4').type, dumpSet('t', 'in4').flags],
    [0x0a0d, 0x0a0e, 0x0a0e, 0x300],
  );
});

test('a comment is found among other userdata', () => {
  assert.equal(readComment(Buffer.from([9, 2, 1, 1, 0, 3, 0x61, 0x62, 0])), 'ab');
  assert.equal(readComment(Buffer.from([9, 2, 1, 1])), '');
  assert.throws(() => readComment(Buffer.from([9, 2, 1])));
});
