import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internetChecksum } from './checksum.ts';
import { decodePacket, encodePacket, type Packet, tcpFlag } from './packet.ts';
import { crc32c, firstInit } from './sctp.ts';

const from4 = { address: '203.0.113.10', port: 7000 };
const to4 = { address: '203.0.113.1', port: 20000 };
const from6 = { address: '2001:db8:1::10', port: 7000 };
const to6 = { address: '2001:db8:100::2', port: 5000 };
const payload = Buffer.from('odd');
const packets: Packet[] = [
  { transport: 'udp', from: from4, to: to4, payload, ttl: 64 },
  { transport: 'udp', from: from6, to: to6, payload, ttl: 3 },
  {
    transport: 'tcp',
    from: from4,
    to: to4,
    payload,
    tcp: { sequence: 0xfffffffe, acknowledgement: 9, flags: tcpFlag.ack },
    ttl: 64,
  },
  {
    transport: 'tcp',
    from: from6,
    to: to6,
    payload,
    tcp: { sequence: 1, acknowledgement: 0, flags: tcpFlag.syn, options: Buffer.from([2, 4, 5, 0xb4]) },
    ttl: 64,
  },
  { transport: 'sctp', from: from4, to: to4, payload, sctp: firstInit, ttl: 64 },
  {
    transport: 'sctp',
    from: from6,
    to: to6,
    payload,
    sctp: { chunk: 'init-ack', tag: 0xfffffffe, initiateTag: 7 },
    ttl: 64,
  },
  { transport: 'esp', from: { ...from4, port: 0 }, to: { ...to4, port: 0 }, payload, ttl: 64 },
  { transport: 'esp', from: { ...from6, port: 0 }, to: { ...to6, port: 0 }, payload, ttl: 64 },
  {
    transport: 'icmp',
    from: { address: '10.0.0.1' },
    to: { address: '10.0.0.2' },
    type: 8,
    code: 0,
    rest: 0x10001,
    payload,
    ttl: 64,
  },
  {
    transport: 'icmp',
    from: { address: 'fe80::1' },
    to: { address: 'ff02::1' },
    type: 128,
    code: 0,
    rest: 7,
    payload,
    ttl: 255,
  },
];

test('packets and bytes are inverse', () => {
  for (const packet of packets) assert.deepEqual(decodePacket(encodePacket(packet)), packet);
});

test('checksums verify: summing what they cover with them gives zero', () => {
  for (const packet of packets) {
    const bytes = encodePacket(packet);
    if (bytes[0] === 0x45) assert.equal(internetChecksum(bytes.subarray(0, 20)), 0);
    const v4 = bytes[0] === 0x45;
    const segment = bytes.subarray(v4 ? 20 : 40);
    if (packet.transport === 'esp') continue;
    if (packet.transport === 'sctp') {
      const blank = Buffer.from(segment).fill(0, 8, 12);
      assert.equal(segment.readUInt32LE(8), crc32c(blank));
      continue;
    }
    const addresses = v4 ? bytes.subarray(12, 20) : bytes.subarray(8, 40);
    const number = v4 ? bytes[9] : bytes[6];
    const pseudo = Buffer.from([0, number ?? 0, segment.length >> 8, segment.length & 0xff]);
    const covered = number === 1 ? [segment] : [addresses, pseudo, segment];
    assert.equal(internetChecksum(...covered), 0, JSON.stringify(packet.from));
  }
});

test("SCTP's checksum is that of RFC 3720 B.4", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
});

test('the checksum is that of RFC 1071 section 3', () => {
  assert.equal(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)), ~0xddf2 & 0xffff);
});

test('what is cut short is no packet', () => {
  for (const packet of packets) {
    const bytes = encodePacket(packet);
    for (let length = 0; length < bytes.length; length++)
      assert.equal(decodePacket(bytes.subarray(0, length)), undefined);
  }
});
