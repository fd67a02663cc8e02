/** What a payload carries so that a sniffer finds it: short ASCII text, unlike any other in the test. */
export type Token = string;

/** RTP (RFC 3550 5.1) with the token as its payload; version 2 by default. */
export function rtpPayload(
  token: Token,
  fields: {
    readonly payloadType: number;
    readonly sequence?: number;
    readonly marker?: boolean;
    readonly version?: number;
  },
): Buffer {
  const { payloadType, sequence = 1, marker = false, version = 2 } = fields;
  const header = Buffer.alloc(12);
  header.writeUInt8(version << 6, 0);
  header.writeUInt8((marker ? 0x80 : 0) | payloadType, 1);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(0x5a5a5a5a, 8);
  return Buffer.concat([header, Buffer.from(token)]);
}

/** RTCP (RFC 3550 6): a packet of that type, application-defined by default, with the token in its data. */
export function rtcpPayload(token: Token, packetType = 204): Buffer {
  const data = Buffer.alloc(Math.ceil(token.length / 4) * 4);
  data.write(token, 'latin1');
  const header = Buffer.alloc(8);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(packetType, 1);
  header.writeUInt16BE(1 + data.length / 4, 2);
  header.writeUInt32BE(0x5a5a5a5a, 4);
  return Buffer.concat([header, data]);
}

/** A STUN binding request (RFC 8489 5) with the token in a SOFTWARE attribute. */
export function stunPayload(token: Token): Buffer {
  const value = Buffer.alloc(Math.ceil(token.length / 4) * 4);
  value.write(token, 'latin1');
  const bytes = Buffer.alloc(24);
  bytes.writeUInt16BE(1, 0);
  bytes.writeUInt16BE(4 + value.length, 2);
  bytes.writeUInt32BE(0x2112a442, 4);
  bytes.writeUInt16BE(0x8022, 20);
  bytes.writeUInt16BE(token.length, 22);
  return Buffer.concat([bytes, value]);
}

/** Bytes that are neither RTP, RTCP, STUN nor DTLS, with the token. */
export function noisePayload(token: Token): Buffer {
  return Buffer.from(`GET /${token}`);
}
