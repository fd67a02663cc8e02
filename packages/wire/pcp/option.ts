import type { PcpAddress } from './address.ts';
import { pcpOption } from './codes.ts';

/** An option of a request or response (RFC 6887 7.3). */
export type PcpOption =
  /** The mapping is for another host than the one that asks (13.1). */
  | { readonly kind: 'third-party'; readonly address: PcpAddress }
  /** The suggested external address and port, or nothing (13.2). */
  | { readonly kind: 'prefer-failure' }
  /**
   * Only these remote hosts may send (13.3). Prefix length in bits of the 16 octets, IPv4 96 to 128; 0 takes all
   * filters away. Port 0: all ports.
   */
  | { readonly kind: 'filter'; readonly prefixLength: number; readonly port: number; readonly address: PcpAddress }
  /** Any other; what its octets mean is not known here. */
  | { readonly kind: 'other'; readonly code: number; readonly octets: Uint8Array };

const headerLength = 4;
const addressLength = 16;
const filterLength = 4 + addressLength;

/** Reads options one after another; undefined where one is broken. */
export function readOptions(bytes: Uint8Array): readonly PcpOption[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options: PcpOption[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + headerLength > bytes.length) return undefined;
    const length = view.getUint16(at + 2);
    const end = at + headerLength + length;
    if (end > bytes.length) return undefined;
    const option = readOption(view.getUint8(at), bytes.subarray(at + headerLength, end));
    if (!option) return undefined;
    options.push(option);
    at = end + padding(length);
  }
  return options;
}

/** The octets of options, one after another. Throws RangeError where a field is out of its range. */
export function buildOptions(options: readonly PcpOption[]): Uint8Array {
  const built = options.map(buildOption);
  const bytes = new Uint8Array(built.reduce((sum, { octets }) => sum + paddedLength(octets.length), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { code, octets } of built) {
    view.setUint8(at, code);
    view.setUint16(at + 2, octets.length);
    bytes.set(octets, at + headerLength);
    at += paddedLength(octets.length);
  }
  return bytes;
}

const padding = (length: number): number => -length & 3;
const paddedLength = (length: number): number => headerLength + length + padding(length);

function readOption(code: number, octets: Uint8Array): PcpOption | undefined {
  switch (code) {
    case pcpOption.thirdParty:
      return octets.length === addressLength ? { kind: 'third-party', address: octets } : undefined;
    case pcpOption.preferFailure:
      return octets.length === 0 ? { kind: 'prefer-failure' } : undefined;
    case pcpOption.filter:
      return readFilter(octets);
    default:
      return { kind: 'other', code, octets };
  }
}

function readFilter(octets: Uint8Array): PcpOption | undefined {
  const [, prefixLength = 0, high = 0, low = 0] = octets;
  if (octets.length !== filterLength || prefixLength > 128) return undefined;
  return { kind: 'filter', prefixLength, port: (high << 8) | low, address: octets.subarray(4) };
}

function buildOption(option: PcpOption): { readonly code: number; readonly octets: Uint8Array } {
  switch (option.kind) {
    case 'third-party':
      return { code: pcpOption.thirdParty, octets: addressOctets(option.address) };
    case 'prefer-failure':
      return { code: pcpOption.preferFailure, octets: new Uint8Array(0) };
    case 'filter': {
      const { prefixLength, port } = option;
      if (!(Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= 128))
        throw new RangeError(`prefix length out of range: ${prefixLength}`);
      if (!(Number.isInteger(port) && port >= 0 && port <= 0xffff)) throw new RangeError(`port out of range: ${port}`);
      const octets = new Uint8Array(filterLength);
      octets.set([0, prefixLength, port >> 8, port & 0xff]);
      octets.set(addressOctets(option.address), 4);
      return { code: pcpOption.filter, octets };
    }
    case 'other':
      if (!(option.code >= 0 && option.code <= 0xff)) throw new RangeError(`option code out of range: ${option.code}`);
      return option;
  }
}

function addressOctets(address: PcpAddress): Uint8Array {
  if (address.length !== addressLength) throw new RangeError(`an address has 16 octets, not ${address.length}`);
  return address;
}
