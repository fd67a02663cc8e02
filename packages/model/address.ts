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

// Read character by character: gateways and the kernel's tables ask for addresses thousands of times a second.

const character = { dot: 46, colon: 58 } as const;

function readIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let count = 0;
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : character.dot;
    if (code === character.dot) {
      if (value < 0 || count === 4) return undefined;
      bytes[count++] = value;
      value = -1;
      continue;
    }
    const digit = code - 48;
    // No leading zeros: some read them as octal.
    if (digit < 0 || digit > 9 || value === 0) return undefined;
    value = (value < 0 ? 0 : value * 10) + digit;
    if (value > 255) return undefined;
  }
  return count === 4 ? bytes : undefined;
}

function readIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const bytes = new Uint8Array(16);
  let count = 0;
  let gap = text.startsWith('::') ? 0 : -1;
  let at = gap === 0 ? 2 : 0;
  while (at < text.length) {
    const begin = at;
    let value = 0;
    for (let digit = hexDigit(text.charCodeAt(at)); digit >= 0; digit = hexDigit(text.charCodeAt(++at)))
      value = value * 16 + digit;
    if (text.charCodeAt(at) === character.dot) {
      const quad = readIpv4(text.slice(begin));
      if (!quad || count > 12) return undefined;
      bytes.set(quad, count);
      count += 4;
      break;
    }
    if (at === begin || at > begin + 4 || count === 16) return undefined;
    bytes[count++] = value >> 8;
    bytes[count++] = value & 0xff;
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== character.colon || at === text.length) return undefined;
    if (text.charCodeAt(at) !== character.colon) continue;
    if (gap >= 0) return undefined;
    gap = count;
    at++;
  }
  // "::" stands for one group of zeros at least.
  if (gap < 0 ? count !== 16 : count > 14) return undefined;
  if (gap >= 0) {
    bytes.copyWithin(gap + 16 - count, gap, count);
    bytes.fill(0, gap, gap + 16 - count);
  }
  const mapped = bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
  return mapped ? bytes.slice(12) : bytes;
}

/** 0..15, or -1 for what is no hexadecimal digit, the text's end included. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
