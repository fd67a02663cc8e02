import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeReport } from './probe-report.ts';
import { type CallReport, judge, judgeCall, judgeRefusal, type Observations, type StreamReport } from './report.ts';

const video: StreamReport = {
  id: 'video',
  kind: 'rtp',
  family: 4,
  remote: '203.0.113.10:7000',
  globalAddress: '203.0.113.1',
  globalPort: 20000,
  localAddress: '192.168.1.2',
  localPort: 5000,
  firstSpeaker: 'server',
  packetsSent: 800,
  packetsReceived: 800,
  lost: 0,
  bytesSent: 900_000,
  bytesReceived: 900_000,
  protection: 'srtp',
  unauthentic: 10,
  decoded: 200,
};
const subtitles: StreamReport = {
  ...video,
  id: 'subtitles',
  kind: 'tcp',
  decoded: 0,
  bytesSent: 90,
  bytesReceived: 90,
  protection: 'clear',
  clearBecause: 'over TCP',
};

function probe(stream: string, phase: ProbeReport['phase'], right: boolean): ProbeReport {
  const passed = right && phase === 'during' ? 5 : 0;
  const probe = right ? 'right packet' : 'other source port';
  return { probe, sender: 'media server', stream, phase, firstSpeaker: 'server', right, sent: 5, passed };
}

const good: Observations = {
  content: 'film',
  family: 4,
  steps: [],
  streams: [video, subtitles],
  probes: (['before', 'during', 'after'] as const).flatMap((phase) => [
    probe('video', phase, true),
    probe('video', phase, false),
    probe('subtitles', phase, false),
  ]),
  openingsLeft: 0,
  complaints: [],
};

/** The good session with one thing changed. */
function but(change: Partial<Observations>): string[] {
  return judge({ ...good, ...change });
}

/** The good session's probes, the n-th changed. */
function probesBut(index: number, change: Partial<ProbeReport>): string[] {
  return but({ probes: good.probes.map((probe, at) => (at === index ? { ...probe, ...change } : probe)) });
}

test('a session that kept every promise passes', () => {
  assert.deepEqual(judge(good), []);
});

test('each broken promise is told', () => {
  const video_ = (change: Partial<StreamReport>) => but({ streams: [{ ...video, ...change }, subtitles] });
  const { clearBecause: _, ...unnamed } = subtitles;
  const cases: [string[], RegExp][] = [
    [but({ openingsLeft: 2 }), /^2 openings were left/],
    [but({ complaints: ['leaving failed'] }), /^The appliance: leaving failed/],
    [but({ streams: [] }), /^No stream was opened/],
    [video_({ packetsReceived: 799 }), /^video: 799 of 800 packets arrived/],
    [video_({ lost: 1 }), /^video: 1 sequence numbers are missing/],
    [video_({ decoded: 0 }), /^video: the recording does not decode/],
    [video_({ protection: 'clear', clearBecause: 'no key' }), /^video: it came in the clear \(no key\)/],
    [but({ streams: [video, unnamed] }), /^subtitles: nobody says/],
    [but({ streams: [video, { ...subtitles, bytesReceived: 80 }] }), /^subtitles: 80 of 90 bytes arrived/],
    [but({ streams: [video, { ...subtitles, bytesReceived: 0 }] }), /^subtitles: nothing arrived/],
    [but({ probes: good.probes.filter((probe) => !probe.right) }), /^video: the right packet was not tried before/],
    [but({ probes: good.probes.filter((probe) => probe.right) }), /^video: no wrong packet was tried before/],
    [probesBut(0, { passed: 1 }), /right packet from the media server before the session: 1 of 5 passed, not none/],
    [probesBut(3, { passed: 4 }), /right packet from the media server during the session: 4 of 5 passed, not all/],
    [probesBut(4, { passed: 1 }), /other source port from the media server during the session: 1 of 5/],
    [probesBut(4, { between: 2 }), /other source port .* during the session: 2 of 5 got past the outer gateway/],
    [probesBut(0, { between: 1 }), /right packet .* before the session: 1 of 5 got past the outer gateway/],
    [probesBut(8, { sent: 0 }), /^subtitles: no wrong packet was tried after/],
  ];
  for (const [reasons, expected] of cases) assert.match(reasons[0] ?? 'pass', expected);
});

test('a refusal passes where it is the expected one and nothing came in, and not else', () => {
  const tried = (['before', 'after'] as const).flatMap((phase) => [
    probe('video', phase, true),
    probe('video', phase, false),
  ]);
  const refusal = { code: 'behind-another-nat', message: 'the internet sees it elsewhere' } as const;
  const seen = { refusal, probes: tried, openingsLeft: 0 };
  const { refusal: _, ...none } = seen;
  assert.deepEqual(judgeRefusal('behind-another-nat', seen), []);
  const came = tried.map((each, index) => (index === 2 ? { ...each, passed: 1 } : each));
  const cases: [string[], RegExp][] = [
    [judgeRefusal('path-mismatch', seen), /^Refused with behind-another-nat instead: the internet sees it elsewhere/],
    [judgeRefusal('behind-another-nat', none), /^There was a session/],
    [judgeRefusal('behind-another-nat', { ...seen, openingsLeft: 1 }), /^1 openings were left/],
    [
      judgeRefusal('behind-another-nat', { ...seen, probes: came }),
      /^video: right packet .* after the request: 1 of 5/,
    ],
    [judgeRefusal('behind-another-nat', { ...seen, probes: tried.slice(1) }), /^No right packet was tried before/],
    [judgeRefusal('behind-another-nat', { ...seen, probes: [] }), /^No right packet was tried before/],
  ];
  for (const [reasons, expected] of cases) assert.match(reasons[0] ?? 'pass', expected);
});

test('a call passes where both heard the other alone, by the way that it has to go, and nobody else got in', () => {
  const party = { verdict: 'pass', way: 'gateways', sent: 170, received: 170, lost: 0 } as const;
  const [one, two] = ['203.0.113.1:20000', '203.0.113.2:21000'] as const;
  const call: CallReport = {
    expected: 'gateways',
    parties: [
      { ...party, host: 'tv-1', speaksFrom: one, from: [two] },
      { ...party, host: 'tv-2', speaksFrom: two, from: [one] },
    ],
    openingsMeanwhile: 4,
    carriedByOthers: 0,
  };
  const seen = { call, probes: good.probes, openingsLeft: 0 };
  const with_ = (change: Partial<CallReport>) => judgeCall({ ...seen, call: { ...call, ...change } });
  const first = (change: object) =>
    with_({ parties: call.parties.map((each, at) => (at ? each : { ...each, ...change })) });
  assert.deepEqual(judgeCall(seen), []);
  const cases: [string[], RegExp][] = [
    [first({ way: undefined, message: 'they are strangers' }), /^tv-1: they are strangers/],
    [first({ way: 'direct' }), /^tv-1: the way was direct, not gateways/],
    [first({ received: 0 }), /^tv-1: it heard nothing/],
    [first({ lost: 2 }), /^tv-1: 2 packets were lost/],
    [
      first({ from: [two, '203.0.113.20:5000'] }),
      /^tv-1: packets came from .*203\.0\.113\.20:5000, not 203\.0\.113\.2:21000/,
    ],
    [with_({ openingsMeanwhile: 2 }), /^2 openings were there while they spoke, not 4/],
    [
      with_({ expected: 'direct', parties: call.parties.map((each) => ({ ...each, way: 'direct' })) }),
      /^4 openings .* not 0/,
    ],
    [with_({ carriedByOthers: 1 }), /^1 packets of the call went by way of others/],
    [judgeCall({ ...seen, openingsLeft: 1 }), /^1 openings were left after the call/],
    [judgeCall({ ...seen, probes: [] }), /^No wrong packet was tried before the call/],
    [judgeCall({ ...seen, probes: good.probes.filter(({ right }) => !right) }), /^The right packet was not tried/],
    [
      judgeCall({ ...seen, probes: good.probes.map((each, at) => (at === 4 ? { ...each, passed: 1 } : each)) }),
      /1 of 5 passed/,
    ],
  ];
  for (const [reasons, expected] of cases) assert.match(reasons[0] ?? 'pass', expected);
});
