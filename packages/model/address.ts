/** IP version: 4 or 6. */
export type Family = 4 | 6;

/** An IP address in canonical text: dotted quad, or RFC 5952 for IPv6. Made by {@link parseIpAddress}. */
export type IpAddress = string;

/** Transport port, 1..65535. */
export type Port = number;

/** Where packets go to or come from: address and port. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: Port;
}

/** Addresses sharing their first `length` bits. */
export interface Prefix {
  readonly address: IpAddress;
  /** 0..32 for IPv4, 0..128 for IPv6. */
  readonly length: number;
}

const dottedQuad = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** Reads an IPv4 or IPv6 address into canonical text; undefined if it is not one. IPv4-mapped IPv6 becomes IPv4. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bytes = readAddress(text);
  return bytes && formatAddress(bytes);
}

/** The family of a canonical address. */
export function familyOf(address: IpAddress): Family {
  return address.includes(':') ? 6 : 4;
}

/** 4 or 16 bytes in network order. Throws RangeError on text that is no address. */
export function addressBytes(address: IpAddress): Uint8Array {
  const bytes = readAddress(address);
  if (!bytes) throw new RangeError(`not an IP address: ${address}`);
  return bytes;
}

/** Canonical text of 4 or 16 bytes in network order. */
export function formatAddress(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return bytes.join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  // RFC 5952 4.2: the first longest run of two or more zero groups becomes "::".
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > best.length) best = { start: i, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

/** Reads "address/length"; a bare address is a prefix of full length. Undefined if malformed. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  const full = familyOf(address) === 4 ? 32 : 128;
  if (slash < 0) return { address, length: full };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > full) return undefined;
  return { address, length: Number(digits) };
}

/** Whether `address` lies in `prefix`; false across families. */
export function prefixContains(prefix: Prefix, address: IpAddress): boolean {
  const outer = addressBytes(prefix.address);
  const inner = addressBytes(address);
  if (outer.length !== inner.length) return false;
  for (let bit = 0; bit < prefix.length; bit += 8) {
    const mask = prefix.length - bit >= 8 ? 0xff : (0xff << (8 - (prefix.length - bit))) & 0xff;
    if (((outer[bit >> 3] ?? 0) & mask) !== ((inner[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}

/** Whether one host can be reached under this address: not multicast, unspecified, loopback, broadcast or IPv6 link-local. */
export function isUnicastHost(address: IpAddress): boolean {
  const b = addressBytes(address);
  if (b.length === 4) return b[0] !== 0 && b[0] !== 127 && (b[0] ?? 255) < 224;
  const linkLocal = b[0] === 0xfe && ((b[1] ?? 0) & 0xc0) === 0x80;
  return b[0] !== 0xff && !linkLocal && address !== '::' && address !== '::1';
}

/** Whether `port` is an integer 1..65535. */
export function isPort(port: number): port is Port {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/** "192.0.2.1:80" or "[2001:db8::1]:80". */
export function formatEndpoint(endpoint: Endpoint): string {
  return familyOf(endpoint.address) === 6
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}

function readAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? readIpv6(text) : readIpv4(text);
}

function readIpv4(text: string): Uint8Array | undefined {
  const match = dottedQuad.exec(text);
  if (!match) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined;
}

function readIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = readGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? readGroups(halves[1] ?? '', true) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}

function readGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const quad = readIpv4(group);
      if (!quad) return undefined;
      bytes.push(...quad);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
