import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildRtp, looksLikeRtcp, parseRtp, parseRtpHeader, type RtpPacket, writeRtpIdentity } from './packet.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const u32 = fc.integer({ min: 0, max: 0xffffffff });

const packets: fc.Arbitrary<RtpPacket> = fc
  .record({
    payloadType: fc.integer({ min: 0, max: 127 }),
    marker: fc.boolean(),
    sequence: fc.integer({ min: 0, max: 0xffff }),
    timestamp: u32,
    ssrc: u32,
    csrcs: fc.array(u32, { maxLength: 15 }),
    payload: fc.uint8Array({ maxLength: 60 }),
    padding: fc.integer({ min: 0, max: 8 }),
    extension: fc.option(
      fc.record({
        profile: fc.integer({ min: 0, max: 0xffff }),
        data: fc.array(u32, { maxLength: 4 }).map((words) => {
          const view = new DataView(new ArrayBuffer(words.length * 4));
          for (const [index, word] of words.entries()) view.setUint32(index * 4, word);
          return new Uint8Array(view.buffer);
        }),
      }),
    ),
  })
  .map(({ extension, ...packet }) => structuredClone(extension ? { ...packet, extension } : packet));

test('a packet of video reads as RFC 3550 5.1 says, and back', () => {
  const bytes = hex('80 e0 1234 89abcdef deadbeef 6588');
  const packet = parseRtp(bytes);
  assert.deepEqual(packet, {
    payloadType: 96,
    marker: true,
    sequence: 0x1234,
    timestamp: 0x89abcdef,
    ssrc: 0xdeadbeef,
    csrcs: [],
    payload: hex('6588'),
    padding: 0,
  });
  assert.deepEqual(buildRtp(packet as RtpPacket), bytes);
});

test('CSRCs, extension and padding are taken apart', () => {
  const bytes = hex('b1 61 0001 00000002 00000003 00000004 bede0001 10ff0000 aabb 0002');
  assert.deepEqual(parseRtp(bytes), {
    payloadType: 97,
    marker: false,
    sequence: 1,
    timestamp: 2,
    ssrc: 3,
    csrcs: [4],
    extension: { profile: 0xbede, data: hex('10ff0000') },
    payload: hex('aabb'),
    padding: 2,
  });
});

test('what is not RTP is undefined', () => {
  const cases = {
    'version 1': '40 60 0001 00000002 00000003 aa',
    'eleven octets': '80 60 0001 00000002 000000',
    'CSRC beyond the end': '81 60 0001 00000002 00000003 0000',
    'extension beyond the end': '90 60 0001 00000002 00000003 bede0001 0000',
    'extension header cut': '90 60 0001 00000002 00000003 bede',
    'padding of zero': 'a0 60 0001 00000002 00000003 aa00',
    'more padding than packet': 'a0 60 0001 00000002 00000003 aa03',
    nothing: '',
  };
  for (const [name, text] of Object.entries(cases)) assert.equal(parseRtp(hex(text)), undefined, name);
});

test('every packet that is built reads back the same', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const bytes = buildRtp(packet);
      assert.deepEqual(parseRtp(bytes), packet);
      const { payloadType, marker, sequence, timestamp, ssrc } = packet;
      assert.deepEqual(parseRtpHeader(bytes), { payloadType, marker, sequence, timestamp, ssrc });
    }),
  );
});

test('truncated and mutated packets never throw, and what reads builds to the same octets', () => {
  fc.assert(
    fc.property(packets, fc.nat(), fc.nat(), fc.nat(255), (packet, cut, place, value) => {
      const bytes = buildRtp(packet);
      bytes[place % bytes.length] = value;
      const short = bytes.subarray(0, cut % (bytes.length + 1));
      for (const input of [bytes, short]) {
        const read = parseRtp(input);
        // Padding octets but the last may be anything, so only the parts are compared.
        if (read) assert.deepEqual(parseRtp(buildRtp(read)), read);
      }
    }),
  );
});

test('the identity of a packet is rewritten in place, modulo the fields, and nothing else changes', () => {
  fc.assert(
    fc.property(packets, u32, u32, u32, (packet, sequence, timestamp, ssrc) => {
      const bytes = buildRtp(packet);
      writeRtpIdentity(bytes, sequence, timestamp + 2 ** 32, ssrc);
      assert.deepEqual(parseRtp(bytes), { ...packet, sequence: sequence & 0xffff, timestamp, ssrc });
    }),
  );
});

test('fields out of range are refused when building', () => {
  const good: RtpPacket = {
    payloadType: 96,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    csrcs: [],
    payload: new Uint8Array(),
    padding: 0,
  };
  assert.throws(() => buildRtp({ ...good, payloadType: 128 }), RangeError);
  assert.throws(() => buildRtp({ ...good, padding: 256 }), RangeError);
  assert.throws(() => buildRtp({ ...good, csrcs: new Array<number>(16).fill(1) }), RangeError);
  assert.throws(() => buildRtp({ ...good, extension: { profile: 1, data: hex('00') } }), RangeError);
});

test('RTCP is told from RTP by the second octet', () => {
  assert.equal(looksLikeRtcp(hex('80 c8 0006 00000001')), true);
  assert.equal(looksLikeRtcp(hex('80 e0 0001 00000001 00000001')), false);
  assert.equal(looksLikeRtcp(hex('40 c8 0006 00000001')), false);
  assert.equal(looksLikeRtcp(hex('80 c8 00')), false);
});
