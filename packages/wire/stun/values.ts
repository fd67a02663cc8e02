/** Message types (RFC 3489 11.1). */
export const messageType = { bindingRequest: 0x0001, bindingResponse: 0x0101, bindingError: 0x0111 } as const;

/** Attribute types (RFC 3489 11.2, RFC 8489 18.3, TR-069 G.2.1). */
export const attribute = {
  mappedAddress: 0x0001,
  responseAddress: 0x0002,
  changeRequest: 0x0003,
  sourceAddress: 0x0004,
  changedAddress: 0x0005,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  xorMappedAddress: 0x0020,
  connectionRequestBinding: 0xc001,
  bindingChange: 0xc002,
} as const;

/** An address and port in an attribute. */
export interface MappedAddress {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** The value of MAPPED-ADDRESS and its like. */
export function addressValue({ address, port }: MappedAddress): Uint8Array {
  return Uint8Array.of(0, address.length === 4 ? 1 : 2, port >> 8, port & 0xff, ...address);
}

/** The value of XOR-MAPPED-ADDRESS: hidden from NATs that rewrite addresses in what they carry (RFC 8489 14.2). */
export function xorAddressValue({ address, port }: MappedAddress, transaction: Uint8Array): Uint8Array {
  const hidden = address.map((byte, index) => byte ^ (transaction[index] ?? 0));
  const hiddenPort = port ^ (((transaction[0] ?? 0) << 8) | (transaction[1] ?? 0));
  return addressValue({ address: hidden, port: hiddenPort });
}

/** Reads the value of MAPPED-ADDRESS and its like; undefined where it is none. */
export function readAddressValue(value: Uint8Array): MappedAddress | undefined {
  const length = value[1] === 1 ? 4 : value[1] === 2 ? 16 : 0;
  if (length === 0 || value.length !== 4 + length) return undefined;
  return { address: Uint8Array.from(value.subarray(4)), port: ((value[2] ?? 0) << 8) | (value[3] ?? 0) };
}
