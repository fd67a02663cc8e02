import { addressBytes, type Endpoint, familyOf, formatAddress, type IpAddress } from '@sluice/model';
import { internetChecksum } from './checksum.ts';
import { decodeSctp, encodeSctp, firstInit, type SctpFields } from './sctp.ts';

/** TCP flag bits (RFC 9293 3.1). */
export const tcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** TCP's part of a packet: sequence and acknowledgement number, flags of {@link tcpFlag}, options. */
export interface TcpFields {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  /** Options, a multiple of 4 bytes. */
  readonly options?: Uint8Array;
}

/** A UDP, TCP or SCTP packet; or one of ESP, whose ports are 0. */
export interface TransportPacket {
  readonly transport: 'udp' | 'tcp' | 'sctp' | 'esp';
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly payload: Uint8Array;
  /** TCP only; a SYN with sequence 0 by default. */
  readonly tcp?: TcpFields;
  /** SCTP only; {@link firstInit} by default. */
  readonly sctp?: SctpFields;
  /** Time to live or hop limit; 64 by default. */
  readonly ttl?: number;
}

/** An ICMP or ICMPv6 message: type, code, the four bytes after the checksum, and the rest. */
export interface IcmpPacket {
  readonly transport: 'icmp';
  readonly from: { readonly address: IpAddress };
  readonly to: { readonly address: IpAddress };
  readonly type: number;
  readonly code: number;
  /** Identifier and sequence number of an echo, MTU, or unused; 0 by default. */
  readonly rest?: number;
  readonly payload: Uint8Array;
  readonly ttl?: number;
}

/** One IP packet as a value. */
export type Packet = TransportPacket | IcmpPacket;

const protocol = { icmp: 1, tcp: 6, udp: 17, esp: 50, icmpv6: 58, sctp: 132 } as const;
const defaultTtl = 64;

/** An IP packet of `packet`, IPv4 or IPv6 by its addresses, with right lengths and checksums. */
export function encodePacket(packet: Packet): Buffer {
  const number = protocolOf(packet);
  const segment = encodeSegment(packet);
  const source = addressBytes(packet.from.address);
  const destination = addressBytes(packet.to.address);
  const v4 = source.length === 4;
  const header = v4 ? header4(packet, number, segment.length) : header6(packet, number, segment.length);
  if (packet.transport === 'sctp' || packet.transport === 'esp') return Buffer.concat([header, segment]);
  const checksumAt = packet.transport === 'udp' ? 6 : packet.transport === 'tcp' ? 16 : 2;
  const pseudo = Buffer.alloc(v4 ? 4 : 8);
  pseudo.writeUInt16BE(segment.length, pseudo.length - (v4 ? 2 : 6));
  pseudo[v4 ? 1 : 7] = number;
  const checksum =
    number === protocol.icmp ? internetChecksum(segment) : internetChecksum(source, destination, pseudo, segment);
  // A UDP checksum of 0 would mean that there is none (RFC 768).
  segment.writeUInt16BE(checksum === 0 && packet.transport === 'udp' ? 0xffff : checksum, checksumAt);
  return Buffer.concat([header, segment]);
}

/** Reads an IP packet; undefined for what is cut short, fragmented, or of another transport. Checksums are not looked at. */
export function decodePacket(bytes: Buffer): Packet | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  return version === 4 ? decode4(bytes) : version === 6 ? decode6(bytes) : undefined;
}

function protocolOf(packet: Packet): number {
  if (packet.transport !== 'icmp') return protocol[packet.transport];
  return familyOf(packet.from.address) === 4 ? protocol.icmp : protocol.icmpv6;
}

function encodeSegment(packet: Packet): Buffer {
  if (packet.transport === 'icmp') {
    const header = Buffer.from([packet.type, packet.code, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(packet.rest ?? 0, 4);
    return Buffer.concat([header, packet.payload]);
  }
  if (packet.transport === 'sctp')
    return encodeSctp(packet.from.port, packet.to.port, packet.payload, packet.sctp ?? firstInit);
  // A security parameters index and a sequence number (RFC 4303 2).
  if (packet.transport === 'esp') return Buffer.concat([Buffer.from([0, 0, 1, 0, 0, 0, 0, 1]), packet.payload]);
  const options = (packet.transport === 'tcp' && packet.tcp?.options) || new Uint8Array(0);
  const header = Buffer.alloc(packet.transport === 'udp' ? 8 : 20 + options.length);
  header.writeUInt16BE(packet.from.port, 0);
  header.writeUInt16BE(packet.to.port, 2);
  if (packet.transport === 'udp') {
    header.writeUInt16BE(8 + packet.payload.length, 4);
  } else {
    const { sequence, acknowledgement, flags } = packet.tcp ?? { sequence: 0, acknowledgement: 0, flags: tcpFlag.syn };
    header.writeUInt32BE(sequence, 4);
    header.writeUInt32BE(acknowledgement, 8);
    header.writeUInt16BE(((header.length / 4) << 12) | flags, 12);
    header.writeUInt16BE(0xffff, 14);
    header.set(options, 20);
  }
  return Buffer.concat([header, packet.payload]);
}

function header4(packet: Packet, number: number, length: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(0x4500, 0);
  header.writeUInt16BE(20 + length, 2);
  header.writeUInt8(packet.ttl ?? defaultTtl, 8);
  header.writeUInt8(number, 9);
  header.set(addressBytes(packet.from.address), 12);
  header.set(addressBytes(packet.to.address), 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
}

function header6(packet: Packet, number: number, length: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(length, 4);
  header.writeUInt8(number, 6);
  header.writeUInt8(packet.ttl ?? defaultTtl, 7);
  header.set(addressBytes(packet.from.address), 8);
  header.set(addressBytes(packet.to.address), 24);
  return header;
}

function decode4(bytes: Buffer): Packet | undefined {
  const headerLength = ((bytes[0] ?? 0) & 0xf) * 4;
  if (headerLength < 20 || bytes.length < headerLength) return undefined;
  const length = bytes.readUInt16BE(2);
  // More fragments, or not the first.
  if ((bytes.readUInt16BE(6) & 0x3fff) !== 0 || length < headerLength || length > bytes.length) return undefined;
  const from = formatAddress(bytes.subarray(12, 16));
  const to = formatAddress(bytes.subarray(16, 20));
  return decodeSegment(bytes.subarray(headerLength, length), bytes.readUInt8(9), from, to, bytes.readUInt8(8));
}

function decode6(bytes: Buffer): Packet | undefined {
  if (bytes.length < 40 || bytes.length < 40 + bytes.readUInt16BE(4)) return undefined;
  const from = formatAddress(bytes.subarray(8, 24));
  const to = formatAddress(bytes.subarray(24, 40));
  const segment = bytes.subarray(40, 40 + bytes.readUInt16BE(4));
  return decodeSegment(segment, bytes.readUInt8(6), from, to, bytes.readUInt8(7));
}

function decodeSegment(
  bytes: Buffer,
  number: number,
  source: IpAddress,
  destination: IpAddress,
  ttl: number,
): Packet | undefined {
  if (number === protocol.icmp || number === protocol.icmpv6) {
    if (bytes.length < 8) return undefined;
    const [type, code, rest] = [bytes.readUInt8(0), bytes.readUInt8(1), bytes.readUInt32BE(4)];
    const ends = { from: { address: source }, to: { address: destination } };
    return { transport: 'icmp', ...ends, type, code, rest, payload: bytes.subarray(8), ttl };
  }
  if (number === protocol.esp) {
    const ends = { from: { address: source, port: 0 }, to: { address: destination, port: 0 } };
    return bytes.length < 8 ? undefined : { transport: 'esp', ...ends, payload: bytes.subarray(8), ttl };
  }
  const sctp = number === protocol.sctp ? decodeSctp(bytes) : undefined;
  const least = sctp || number === protocol.udp ? 8 : number === protocol.tcp ? 20 : Number.POSITIVE_INFINITY;
  if (bytes.length < least) return undefined;
  const ends = {
    from: { address: source, port: bytes.readUInt16BE(0) },
    to: { address: destination, port: bytes.readUInt16BE(2) },
    ttl,
  };
  if (sctp) return { transport: 'sctp', ...ends, ...sctp };
  if (number === protocol.udp) return { transport: 'udp', ...ends, payload: bytes.subarray(8) };
  const headerLength = (bytes.readUInt8(12) >> 4) * 4;
  if (headerLength < 20 || headerLength > bytes.length) return undefined;
  const tcp = {
    sequence: bytes.readUInt32BE(4),
    acknowledgement: bytes.readUInt32BE(8),
    flags: bytes.readUInt8(13),
    ...(headerLength > 20 && { options: bytes.subarray(20, headerLength) }),
  };
  return { transport: 'tcp', ...ends, tcp, payload: bytes.subarray(headerLength) };
}
