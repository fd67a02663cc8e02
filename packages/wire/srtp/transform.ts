/** Octets of the index that stands in each SRTCP packet (RFC 3711 3.4). */
export const rtcpIndexLength = 4;
/** The flag beside the index that says: encrypted. */
export const encryptedFlag = 0x8000_0000;
/** Octets of an RTCP datagram that stay readable: the first packet's header and its source. */
export const rtcpClearLength = 8;

/** How a suite protects single packets, under the keys of one direction. Whoever calls keeps the indices. */
export interface Transform {
  /** What follows the header in the datagram. */
  sealRtp(header: Uint8Array, payload: Uint8Array, rollover: number): readonly Uint8Array[];
  /** The payload; undefined where the packet is not authentic. `bytes` holds the header and a tag at least. */
  openRtp(bytes: Uint8Array, headerLength: number, rollover: number): Uint8Array | undefined;
  sealRtcp(compound: Uint8Array, index: number): Uint8Array;
  /** What follows the first eight octets; undefined where it is not authentic. `bytes` holds those, index and tag at least. */
  openRtcp(bytes: Uint8Array): Uint8Array | undefined;
  /** The word that holds the index and its flag. */
  rtcpIndexWord(bytes: Uint8Array): number;
}
