import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRtp, parseRtpHeader } from '@sluice/wire/rtp';
import { InOrder } from './in-order.ts';
import { TrackFeed } from './track-feed.ts';

test('packets leave in sending order, each once, over the wrap', () => {
  const order = new InOrder<string>();
  const out: string[] = [];
  for (const sequence of [65534, 0, 65535, 2, 1, 1, 65534, 3]) out.push(...order.push(sequence, `p${sequence}`));
  assert.deepEqual(out, ['p65534', 'p65535', 'p0', 'p1', 'p2', 'p3']);
});

test('a lost packet holds the others back only for a while', () => {
  const order = new InOrder<number>();
  assert.deepEqual(order.push(10, 10), [10]);
  const held = Array.from({ length: 32 }, (_, index) => 12 + index);
  for (const sequence of held) assert.deepEqual(order.push(sequence, sequence), []);
  assert.deepEqual(order.push(44, 44), [...held, 44]);
  assert.deepEqual(order.push(11, 11), [], 'its turn is over');
  assert.deepEqual(order.push(45, 45), [45]);
});

function packet(sequence: number, timestamp: number, marker: boolean): Uint8Array {
  return buildRtp({
    ...{ payloadType: 96, marker, sequence, timestamp, ssrc: 7, csrcs: [], padding: 0 },
    payload: Uint8Array.of(sequence),
  });
}

function pushed(feed: TrackFeed, bytes: Uint8Array): number[] {
  const header = parseRtpHeader(bytes);
  assert.ok(header);
  return feed.push(bytes, header).map((out) => out.at(-1) ?? -1);
}

test('video is handed on in whole frames, also when the last packet of one was lost', () => {
  const feed = new TrackFeed(true);
  assert.deepEqual(pushed(feed, packet(1, 100, false)), []);
  assert.deepEqual(pushed(feed, packet(2, 100, true)), [1, 2]);
  assert.deepEqual(pushed(feed, packet(3, 200, false)), []);
  // 4, with the marker of that frame, never comes; the next frame follows on after the wait.
  const later = Array.from({ length: 33 }, (_, index) => pushed(feed, packet(5 + index, 300 + index, true)));
  assert.deepEqual(later.flat().slice(0, 3), [3, 5, 6]);
});

test('audio is handed on packet by packet', () => {
  const feed = new TrackFeed(false);
  assert.deepEqual(pushed(feed, packet(1, 100, false)), [1]);
});
