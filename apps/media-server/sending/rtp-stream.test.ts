import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { parseRtp } from '@sluice/wire/rtp';
import { MemoryDatagramPort } from '../test/memory-ports.ts';
import { smallTrack } from '../test/small-content.ts';
import { Pacer } from './pacer.ts';
import { RtpStream } from './rtp-stream.ts';
import { Timeline } from './timeline.ts';

const to = { address: '203.0.113.1', port: 20000 };
const identity = { ssrc: 0xdeadbeef, sequence: 65530, timestamp: 0xffffff00 };

function sending(options: { endMs: number; frames?: readonly number[]; loopMs?: number }) {
  const clock = new VirtualClock(0);
  const pacer = new Pacer(clock);
  const port = new MemoryDatagramPort(7000, () => clock.now());
  const timeline = new Timeline();
  const track = smallTrack(90000, options.frames ?? [2, 2, 2, 2], 100);
  const { endMs, loopMs = 400 } = options;
  const stream = new RtpStream({ track, loopMs, endMs, port, to, identity, timeline });
  timeline.begin(clock.now());
  pacer.add(stream);
  const packets = () => port.sent.map(({ atMs, bytes }) => ({ atMs, packet: parseRtp(bytes) }));
  return { clock, port, stream, packets };
}

test('packets leave when they are due, under the viewer’s own numbers, and wrap', async () => {
  const { clock, packets, stream, port } = sending({ endMs: 400 });
  await clock.pass(1000);
  await stream.done;
  const sent = packets();
  assert.deepEqual(
    sent.map(({ atMs }) => atMs),
    [0, 40, 100, 140, 200, 240, 300, 340],
  );
  assert.deepEqual(
    sent.map(({ packet }) => packet?.sequence),
    [65530, 65531, 65532, 65533, 65534, 65535, 0, 1],
  );
  assert.deepEqual(
    sent.map(({ packet }) => packet?.timestamp),
    [0, 0, 1, 1, 2, 2, 3, 3].map((frame) => (0xffffff00 + frame * 9000) % 2 ** 32),
  );
  assert.ok(sent.every(({ packet }) => packet?.ssrc === 0xdeadbeef && packet.payloadType === 96));
  assert.deepEqual(
    sent.map(({ packet }) => packet?.marker),
    [false, true, false, true, false, true, false, true],
  );
  assert.deepEqual(
    sent.map(({ packet }) => packet?.payload[0]),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal(stream.packetsSent, 8);
  assert.equal(stream.bytesSent, 8 * 14);
  assert.equal(stream.octetsSent, 8 * 2);
  assert.ok(port.sent.every((datagram) => datagram.to === '203.0.113.1:20000'));
});

test('a loop goes on in time and sequence, and does not drift', async () => {
  const { clock, packets, stream } = sending({ endMs: 4000, frames: [1, 1, 1, 1], loopMs: 400.3333 });
  await clock.pass(5000);
  await stream.done;
  const sent = packets();
  assert.equal(sent.length, 40);
  for (const [index, { packet, atMs }] of sent.entries()) {
    const mediaMs = Math.floor(index / 4) * 400.3333 + (index % 4) * 100;
    assert.ok(atMs >= mediaMs && atMs < mediaMs + 5.001);
    assert.equal(packet?.sequence, (65530 + index) % 65536);
    const ticks = ((packet?.timestamp ?? 0) - identity.timestamp) >>> 0;
    assert.ok(Math.abs(ticks - mediaMs * 90) <= 1);
  }
});

test('a frame that began before the end is sent whole', async () => {
  const { clock, packets } = sending({ endMs: 120, frames: [4, 4, 4], loopMs: 300 });
  await clock.pass(1000);
  assert.equal(packets().length, 8);
});

test('the timestamp of a report goes on between packets', async () => {
  const { clock, stream } = sending({ endMs: 400 });
  await clock.pass(250);
  assert.equal(stream.timestampAt(clock.now()), (0xffffff00 + 250 * 90) % 2 ** 32);
});

test('a datagram that the kernel refuses is counted as not sent and leaves its number unused', async () => {
  const { clock, port, stream, packets } = sending({ endMs: 400 });
  await clock.pass(120);
  port.failure = new Error('no buffer');
  await clock.pass(100);
  port.failure = null;
  await clock.pass(1000);
  assert.deepEqual(
    packets().map(({ packet }) => packet?.sequence),
    [65530, 65531, 65532, 65535, 0, 1],
  );
  assert.equal(stream.packetsSent, 6);
  assert.equal(stream.failed, 2);
  await stream.firstSent;
});

test('when the first packet cannot be sent, that is known', async () => {
  const clock = new VirtualClock(0);
  const port = new MemoryDatagramPort(7000, () => clock.now());
  port.failure = new Error('no route');
  const timeline = new Timeline();
  timeline.begin(0);
  const track = smallTrack(90000, [1], 100);
  const stream = new RtpStream({ track, loopMs: 100, endMs: 1000, port, to, identity, timeline });
  new Pacer(clock).add(stream);
  await assert.rejects(stream.firstSent, /no route/);
});

test('after a pause of many seconds the timeline moves instead of everything being sent at once', () => {
  const timeline = new Timeline();
  timeline.begin(0);
  timeline.sentAt(2_900, 0);
  assert.equal(timeline.clockMs(0), 0);
  timeline.sentAt(10_000, 500);
  assert.equal(timeline.clockMs(500), 10_000);
  assert.equal(timeline.mediaMs(10_000), 500);
});

test('two viewers of one track do not disturb each other', async () => {
  const clock = new VirtualClock(0);
  const pacer = new Pacer(clock);
  const port = new MemoryDatagramPort(7000, () => clock.now());
  const track = smallTrack(90000, [2, 2, 2], 100);
  const others = [1, 2].map((n) => {
    const timeline = new Timeline();
    timeline.begin(clock.now());
    const own = { ssrc: n, sequence: n * 1000, timestamp: n * 5000 };
    return new RtpStream({
      track,
      loopMs: 300,
      endMs: 900,
      port,
      to: { address: '203.0.113.1', port: 20000 + n },
      identity: own,
      timeline,
    });
  });
  for (const stream of others) pacer.add(stream);
  await clock.pass(2000);
  for (const n of [1, 2]) {
    const own = port.sent.filter((sent) => sent.to.endsWith(`:2000${n}`)).map(({ bytes }) => parseRtp(bytes));
    assert.deepEqual(
      own.map((packet) => packet?.sequence),
      Array.from({ length: 18 }, (_, index) => n * 1000 + index),
    );
    assert.ok(own.every((packet) => packet?.ssrc === n));
  }
});
