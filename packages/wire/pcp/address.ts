/** An address as PCP writes it: 16 octets, IPv4 as ::ffff:a.b.c.d (RFC 6887 5). */
export type PcpAddress = Uint8Array;

/** 16 octets of 4 or 16 octets of address. Throws RangeError on another length. */
export function pcpAddress(bytes: Uint8Array): PcpAddress {
  if (bytes.length === 16) return bytes;
  if (bytes.length !== 4) throw new RangeError(`an address has 4 or 16 octets, not ${bytes.length}`);
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}

/** Whether it stands for an IPv4 address. */
export function isMapped(address: PcpAddress): boolean {
  return address[10] === 0xff && address[11] === 0xff && address.subarray(0, 10).every((byte) => byte === 0);
}

/** 4 octets where it stands for an IPv4 address, else all 16. */
export function bareAddress(address: PcpAddress): Uint8Array {
  return isMapped(address) ? address.slice(12) : address;
}

/** "No preference", of an external address (RFC 6887 11.1): ::ffff:0.0.0.0 for IPv4, :: for IPv6. */
export function anyAddress(family: 4 | 6): PcpAddress {
  return pcpAddress(new Uint8Array(family === 4 ? 4 : 16));
}
