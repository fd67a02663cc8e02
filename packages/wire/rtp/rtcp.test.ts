import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildRtcp, canonicalName, ntpOf, parseRtcp, type RtcpPacket, shortNtp } from './rtcp.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const block = fc.record({
  ssrc: u32,
  fractionLost: fc.integer({ min: 0, max: 255 }),
  lost: fc.integer({ min: -0x800000, max: 0x7fffff }),
  highestSequence: u32,
  jitter: u32,
  lastSenderReport: u32,
  delaySinceLast: u32,
});
const reports = fc.array(block, { maxLength: 4 });
const packet: fc.Arbitrary<RtcpPacket> = fc.oneof(
  fc.record({
    type: fc.constant('sender-report' as const),
    ssrc: u32,
    ntp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    rtpTimestamp: u32,
    packets: u32,
    octets: u32,
    reports,
  }),
  fc.record({ type: fc.constant('receiver-report' as const), ssrc: u32, reports }),
  fc.record({
    type: fc.constant('source-description' as const),
    chunks: fc.array(
      fc.record({
        ssrc: u32,
        items: fc.array(fc.record({ type: fc.integer({ min: 1, max: 8 }), text }), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({ type: fc.constant('goodbye' as const), ssrcs: fc.array(u32, { maxLength: 5 }) }),
  fc.record({ type: fc.constant('goodbye' as const), ssrcs: fc.array(u32, { maxLength: 5 }), reason: text }),
  fc.record({
    type: fc.constant('other' as const),
    packetType: fc.integer({ min: 204, max: 223 }),
    count: fc.integer({ min: 0, max: 31 }),
    body: fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.subarray(0, bytes.length & ~3)),
  }),
);
// fast-check's records have no prototype; clones are plain objects, as parsed ones are.
const compound = fc.array(packet, { minLength: 1, maxLength: 4 }).map((packets) => structuredClone(packets));

// RFC 3550 6.4.1, 6.5 and 6.6 laid out by hand.
const vector = hex(`
  81 c8 000c  00000001  e0000000 80000000  00015f90  00000064 00010000
              00000002  40 ffffff 00010005 00000007 12345678 00010000
  81 ca 0003  00000001  01 04 6e616d65 00 00
  81 cb 0002  00000001  03 627965
`);
const meaning: readonly RtcpPacket[] = [
  {
    type: 'sender-report',
    ssrc: 1,
    ntp: 0xe000000080000000n,
    rtpTimestamp: 90000,
    packets: 100,
    octets: 65536,
    reports: [
      {
        ssrc: 2,
        fractionLost: 64,
        lost: -1,
        highestSequence: 65541,
        jitter: 7,
        lastSenderReport: 0x12345678,
        delaySinceLast: 65536,
      },
    ],
  },
  { type: 'source-description', chunks: [{ ssrc: 1, items: [{ type: canonicalName, text: 'name' }] }] },
  { type: 'goodbye', ssrcs: [1], reason: 'bye' },
];

test('a compound of SR, SDES and BYE reads, and builds to the same octets', () => {
  assert.deepEqual(parseRtcp(vector), meaning);
  assert.deepEqual(buildRtcp(meaning), vector);
});

test('an empty receiver report is two words', () => {
  const bytes = hex('80 c9 0001 0000000a');
  assert.deepEqual(parseRtcp(bytes), [{ type: 'receiver-report', ssrc: 10, reports: [] }]);
  assert.deepEqual(buildRtcp([{ type: 'receiver-report', ssrc: 10, reports: [] }]), bytes);
});

test('padding is allowed at the end of the last packet only', () => {
  assert.deepEqual(parseRtcp(hex('a0 c9 0002 0000000a 00000004')), [
    { type: 'receiver-report', ssrc: 10, reports: [] },
  ]);
  assert.equal(parseRtcp(hex('a0 c9 0002 0000000a 00000004  80 c9 0001 0000000a')), undefined);
  assert.equal(parseRtcp(hex('a0 c9 0001 00000008')), undefined, 'padding over the fixed part');
  assert.equal(parseRtcp(hex('a0 c9 0002 0000000a 00000003')), undefined, 'not whole words');
});

test('what is not RTCP is undefined', () => {
  const cases = {
    nothing: '',
    'version 1': '40 c9 0001 0000000a',
    'length beyond the end': '80 c9 0002 0000000a',
    'more blocks than octets': '81 c9 0001 0000000a',
    'sender report cut short': '80 c8 0001 0000000a',
    'no end of items': '81 ca 0002 00000001 01026161',
    'item beyond the end': '81 ca 0002 00000001 01ff6161',
    'reason beyond the end': '81 cb 0002 00000001 ff616161',
    'octets after the last packet': '80 c9 0001 0000000a 80',
  };
  for (const [name, octets] of Object.entries(cases)) assert.equal(parseRtcp(hex(octets)), undefined, name);
});

test('every compound that is built reads back the same', () => {
  fc.assert(fc.property(compound, (packets) => assert.deepEqual(parseRtcp(buildRtcp(packets)), packets)));
});

test('truncated and mutated datagrams never throw', () => {
  fc.assert(
    fc.property(compound, fc.nat(), fc.nat(), fc.nat(255), (packets, cut, place, value) => {
      const bytes = buildRtcp(packets);
      const short = parseRtcp(bytes.subarray(0, cut % bytes.length));
      assert.ok(short === undefined || short.length < packets.length);
      bytes[place % bytes.length] = value;
      parseRtcp(bytes);
    }),
  );
});

test('what does not fit its field is refused when building', () => {
  assert.throws(() => buildRtcp([{ type: 'goodbye', ssrcs: new Array<number>(32).fill(0) }]), RangeError);
  assert.throws(() => buildRtcp([{ type: 'goodbye', ssrcs: [], reason: 'x'.repeat(256) }]), RangeError);
  assert.throws(
    () => buildRtcp([{ type: 'source-description', chunks: [{ ssrc: 1, items: [{ type: 0, text: '' }] }] }]),
    RangeError,
  );
  assert.throws(() => buildRtcp([{ type: 'other', packetType: 204, count: 0, body: hex('00') }]), RangeError);
});

test('NTP time counts from 1900', () => {
  assert.equal(ntpOf(0), 2_208_988_800n << 32n);
  assert.equal(ntpOf(1500), (2_208_988_801n << 32n) | 0x80000000n);
  assert.equal(shortNtp(0x1122334455667788n), 0x33445566);
});

test('a U+FEFF at the start of a text is part of it', () => {
  const packets: RtcpPacket[] = [
    { type: 'source-description', chunks: [{ ssrc: 1, items: [{ type: canonicalName, text: '\ufeff\ufeffa' }] }] },
    { type: 'goodbye', ssrcs: [1], reason: '\ufeff' },
  ];
  assert.deepEqual(parseRtcp(buildRtcp(packets)), packets);
});
