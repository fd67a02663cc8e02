/** One end of a connection: an IP address in some notation, which its reader checks, and a port from 1 to 65535. */
export interface ProxiedEnd {
  readonly address: string;
  readonly port: number;
}

/** The two ends of a connection as a proxy took it (PROXY protocol 1 and 2, haproxy.org). */
export interface ProxiedEnds {
  readonly from: ProxiedEnd;
  readonly to: ProxiedEnd;
}

/** What stands before the bytes of a connection that a proxy hands on. */
export interface ProxyHeader {
  /** Octets it takes; what follows is the connection's own. */
  readonly length: number;
  /** Left out where the connection is the proxy's own (LOCAL) or of a kind that is not told (UNKNOWN). */
  readonly ends?: ProxiedEnds;
}

/** The peer is a proxy, yet does not begin with a header. `offset` counts octets from the start of the connection. */
export class ProxyHeaderMalformed extends Error {
  override readonly name = 'ProxyHeaderMalformed';
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** No header is longer: a version 2 header with room for a proxy's additions. */
export const mostProxyHeaderBytes = 16 + 2_048;

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const longestLine = 107;

/**
 * Reads the header that `bytes` begin with; undefined where more of them are needed. Throws
 * {@link ProxyHeaderMalformed} as soon as they cannot become one.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known = Math.min(input.length, signature.length);
  if (known === 0) return undefined;
  if (input.subarray(0, known).equals(signature.subarray(0, known))) return readBinary(input);
  return readLine(input);
}

/** Version 2, section 2.2. */
function readBinary(input: Buffer): ProxyHeader | undefined {
  if (input.length < 16) return undefined;
  const [versionAndCommand = 0, familyAndTransport = 0] = [input[12], input[13]];
  const [version, command] = [versionAndCommand >> 4, versionAndCommand & 15];
  if (version !== 2) throw new ProxyHeaderMalformed(`version ${version} of the PROXY protocol is not known`, 12);
  if (command > 1) throw new ProxyHeaderMalformed(`the command ${command} is not known`, 12);
  const rest = input.readUInt16BE(14);
  const length = 16 + rest;
  if (length > mostProxyHeaderBytes) throw new ProxyHeaderMalformed(`a header of ${length} octets`, 14);
  if (input.length < length) return undefined;
  if (command === 0) return { length };
  const size = addressSizes[familyAndTransport];
  // Datagrams, Unix sockets and what is to come: the rest of the header is passed over, as section 2.2 wants.
  if (size === undefined) return { length };
  if (rest < 2 * size + 4) throw new ProxyHeaderMalformed('the header ends within its addresses', length);
  const address = (at: number) => notation(input.subarray(at, at + size));
  const ports = 16 + 2 * size;
  const from = { address: address(16), port: input.readUInt16BE(ports) };
  const to = { address: address(16 + size), port: input.readUInt16BE(ports + 2) };
  if (from.port === 0 || to.port === 0) throw new ProxyHeaderMalformed('port 0 is none', ports);
  return { length, ends: { from, to } };
}

/** Octets of one address: TCP over IPv4, TCP over IPv6. */
const addressSizes: Readonly<Record<number, number>> = { 17: 4, 33: 16 };

/** Version 1, section 2.1: one line of words. */
function readLine(input: Buffer): ProxyHeader | undefined {
  const start = 'PROXY ';
  const begin = input.toString('latin1', 0, Math.min(input.length, start.length));
  if (!start.startsWith(begin)) throw new ProxyHeaderMalformed('the proxy sends no PROXY header', 0);
  const end = input.subarray(0, longestLine).indexOf('\r\n');
  if (end < 0) {
    if (input.length >= longestLine) throw new ProxyHeaderMalformed('the line does not end', longestLine);
    return undefined;
  }
  const length = end + 2;
  const [, kind, ...words] = input.toString('latin1', 0, end).split(' ');
  if (kind === 'UNKNOWN') return { length };
  const family = kind === 'TCP4' ? 4 : kind === 'TCP6' ? 6 : undefined;
  const [source, destination, sourcePort, destinationPort] = words;
  const from = readEnd(source, sourcePort, family);
  const to = readEnd(destination, destinationPort, family);
  if (words.length !== 4 || !from || !to)
    throw new ProxyHeaderMalformed('a line is "PROXY TCP4|TCP6 <source> <destination> <port> <port>"', start.length);
  return { length, ends: { from, to } };
}

function readEnd(
  address: string | undefined,
  digits: string | undefined,
  family: 4 | 6 | undefined,
): ProxiedEnd | undefined {
  const notations = { 4: /^[\d.]{7,15}$/, 6: /^[\dA-Fa-f:.]{2,45}$/ };
  const port = Number(digits);
  const fits = family !== undefined && address !== undefined && notations[family].test(address);
  return fits && /^[1-9]\d{0,4}$/.test(digits ?? '') && port < 65_536 ? { address, port } : undefined;
}

function notation(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  return Array.from({ length: 8 }, (_, group) => address.readUInt16BE(2 * group).toString(16)).join(':');
}
