import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRtcp, buildRtp } from '@sluice/wire/rtp';
import { SrtpReceiver, SrtpSender } from '@sluice/wire/srtp';
import { ProtectedReceiver } from './protected-receiver.ts';
import { RtpReceiver } from './rtp-receiver.ts';

const remote = { address: '203.0.113.10', port: 7000 };
const stranger = { address: '203.0.113.66', port: 7000 };
const suite = 'AEAD_AES_128_GCM';
const key = new Uint8Array(28).fill(7);

function rtp(sequence: number): Uint8Array {
  const fields = { payloadType: 96, marker: false, timestamp: sequence, ssrc: 5, csrcs: [], padding: 0 };
  return buildRtp({ ...fields, sequence, payload: new Uint8Array(100) });
}

function receiving(streamType: 'rtp' | 'rtp-mux' = 'rtp') {
  const decoded: number[] = [];
  const moments: number[] = [];
  const inner = new RtpReceiver({ remote, payloadType: 96, streamType }, 90_000, (_, { sequence }) =>
    decoded.push(sequence),
  );
  const receiver = new ProtectedReceiver(inner, remote, (atMs) => moments.push(atMs));
  const sender = new SrtpSender(suite, key);
  const sealed = (sequence: number, by = sender) => {
    const packet = rtp(sequence);
    const [header, payload] = [packet.subarray(0, 12), packet.subarray(12)];
    return Uint8Array.from(Buffer.concat([header, ...by.protectRtp(header, payload)]));
  };
  return { receiver, sender, sealed, decoded, moments };
}

test('what comes before the verdict waits for the key, and counts from when it came', () => {
  const { receiver, sealed, decoded, moments } = receiving();
  for (const sequence of [1, 2, 3]) receiver.take(sealed(sequence), remote, sequence * 40);
  assert.ok(!receiver.take(rtp(9), stranger, 100));
  assert.deepEqual([decoded, receiver.counts().packetsReceived, receiver.counts().strays], [[], 0, 1]);
  receiver.settle(new SrtpReceiver(suite, key), 'rtp');
  assert.deepEqual(
    [decoded, moments],
    [
      [1, 2, 3],
      [40, 80, 120],
    ],
  );
  assert.ok(receiver.take(sealed(4), remote, 160));
  const { packetsReceived, bytesReceived, lost, unauthentic, malformed } = receiver.counts();
  assert.deepEqual([packetsReceived, bytesReceived, lost, unauthentic, malformed], [4, 448, 0, 0, 0]);
});

test('what was not made with the key, was changed, or came before is counted and never decoded', () => {
  const { receiver, sealed, decoded } = receiving();
  receiver.settle(new SrtpReceiver(suite, key), 'rtp');
  const other = new SrtpSender(suite, new Uint8Array(28).fill(8));
  const first = sealed(1);
  const changed = sealed(2);
  changed[40] = (changed[40] ?? 0) ^ 1;
  assert.ok(receiver.take(first, remote, 0));
  for (const wrong of [sealed(3, other), changed, rtp(4), Uint8Array.of(0x80), new Uint8Array()])
    assert.ok(!receiver.take(wrong, remote, 10));
  assert.ok(!receiver.take(first, remote, 20));
  const { packetsReceived, unauthentic, replayed, malformed } = receiver.counts();
  assert.deepEqual([packetsReceived, unauthentic, replayed, malformed], [1, 5, 1, 0]);
  assert.deepEqual(decoded, [1]);
});

test('a stream in the clear is taken as it is, and says nothing of keys', () => {
  const { receiver, decoded } = receiving();
  receiver.take(rtp(1), remote, 0);
  receiver.settle(undefined, 'rtp');
  receiver.take(rtp(2), remote, 40);
  assert.deepEqual(decoded, [1, 2]);
  assert.equal(receiver.counts().unauthentic, undefined);
});

test('RTCP on the port of its RTP is opened as RTCP', () => {
  const { receiver, sender, sealed } = receiving('rtp-mux');
  receiver.settle(new SrtpReceiver(suite, key), 'both');
  assert.ok(receiver.take(sealed(1), remote, 0));
  assert.ok(receiver.take(sender.protectRtcp(buildRtcp([{ type: 'goodbye', ssrcs: [5] }])), remote, 1));
  assert.deepEqual([receiver.counts().ended, receiver.counts().unauthentic], [true, 0]);
});

test('what waits is bounded', () => {
  const { receiver, moments } = receiving();
  const large = new Uint8Array(60_000);
  for (let i = 0; i < 200; i++) receiver.take(large, remote, 0);
  receiver.settle(undefined, 'rtp');
  assert.equal(receiver.counts().malformed, Math.floor((4 * 1024 * 1024) / large.length));
  assert.deepEqual(moments, []);
});
