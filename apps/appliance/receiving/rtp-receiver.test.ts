import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRtcp, buildRtp, parseRtcp } from '@sluice/wire/rtp';
import { newParticipant, openingRtp, receiverReport } from './reports.ts';
import { RtcpReceiver, RtpReceiver } from './rtp-receiver.ts';

const remote = { address: '203.0.113.10', port: 7000 };
const elsewhere = { address: '203.0.113.10', port: 7002 };
const stream = { remote, payloadType: 96, streamType: 'rtp' } as const;

function rtp(sequence: number, payloadType = 96): Uint8Array {
  return buildRtp({
    ...{ payloadType, marker: false, sequence, timestamp: sequence * 3600, ssrc: 5, csrcs: [], padding: 0 },
    payload: new Uint8Array(100),
  });
}

test('only RTP of the agreed type from the named endpoint counts', () => {
  const seen: number[] = [];
  const receiver = new RtpReceiver(stream, 90_000, (_, { sequence }) => seen.push(sequence));
  for (const sequence of [1, 2, 4]) assert.ok(receiver.take(rtp(sequence), remote, sequence * 40));
  assert.ok(!receiver.take(rtp(5), elsewhere, 200));
  assert.ok(!receiver.take(rtp(5, 97), remote, 200));
  assert.ok(!receiver.take(Uint8Array.of(1, 2, 3), remote, 200));
  assert.ok(!receiver.take(new Uint8Array(), remote, 200));
  const { packetsReceived, bytesReceived, lost, strays, malformed, jitterMs } = receiver.counts();
  assert.deepEqual([packetsReceived, bytesReceived, lost, strays, malformed, jitterMs], [3, 336, 1, 1, 3, 0]);
  assert.deepEqual(seen, [1, 2, 4]);
});

test('a goodbye over RTCP ends the stream', () => {
  const receiver = new RtpReceiver(stream, 90_000, () => {});
  const control = new RtcpReceiver({ remote: elsewhere }, receiver);
  assert.ok(!control.take(Uint8Array.of(0x80), elsewhere, 0));
  assert.ok(!control.take(buildRtcp([{ type: 'goodbye', ssrcs: [5] }]), remote, 0));
  assert.equal(receiver.ended, false);
  assert.ok(control.take(buildRtcp([{ type: 'goodbye', ssrcs: [5] }]), elsewhere, 0));
  assert.equal(receiver.ended, true);
  const { packetsReceived, strays, malformed, ended } = control.counts();
  assert.deepEqual([packetsReceived, strays, malformed, ended], [1, 1, 1, true]);
});

test('RTP and RTCP on one port are told apart', () => {
  const receiver = new RtpReceiver({ ...stream, streamType: 'rtp-mux' }, 90_000, () => {});
  receiver.take(rtp(1), remote, 0);
  receiver.take(buildRtcp([{ type: 'goodbye', ssrcs: [5] }]), remote, 0);
  const { packetsReceived, malformed, ended } = receiver.counts();
  assert.deepEqual([packetsReceived, malformed, ended], [1, 0, true]);
});

test('a report tells what was received, since when the last one came, and who says so', () => {
  const receiver = new RtpReceiver(stream, 90_000, () => {});
  for (const sequence of [1, 2, 4]) receiver.take(rtp(sequence), remote, sequence * 40);
  receiver.tally.noteSenderReport(0x0000_1234_5678_0000n, 1_000);
  const participant = newParticipant(() => 0.5);
  const [report, description, goodbye] = parseRtcp(receiverReport(participant, receiver.tally, 1_500, true)) ?? [];
  assert.equal(report?.type, 'receiver-report');
  if (report?.type === 'receiver-report') {
    const [block] = report.reports;
    assert.equal(report.ssrc, participant.ssrc);
    assert.deepEqual(
      [block?.ssrc, block?.lost, block?.highestSequence, block?.lastSenderReport, block?.delaySinceLast],
      [5, 1, 4, 0x1234_5678, 32_768],
    );
  }
  assert.equal(description?.type, 'source-description');
  assert.deepEqual(goodbye, { type: 'goodbye', ssrcs: [participant.ssrc] });
  const empty = parseRtcp(receiverReport(participant, undefined, 0));
  assert.deepEqual(empty?.[0], { type: 'receiver-report', ssrc: participant.ssrc, reports: [] });
});

test('the packet that an appliance begins a stream with is RTP of the agreed type', () => {
  const bytes = openingRtp(newParticipant(Math.random), 96, Math.random);
  const receiver = new RtpReceiver(stream, 90_000, () => {});
  assert.ok(receiver.take(bytes, remote, 0));
  assert.equal(bytes.length, 12);
});
