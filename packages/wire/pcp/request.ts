import type { PcpAddress } from './address.ts';
import { buildBody, checked, type PcpBody, readBody, viewOf } from './body.ts';
import { longestPcpMessage, pcpVersion } from './codes.ts';
import { buildOptions, type PcpOption, readOptions } from './option.ts';

export type { PcpBody, PcpMapping } from './body.ts';

/** A client's request (RFC 6887 7.1). */
export interface PcpRequest {
  /** Seconds, 32 bits; 0 deletes. */
  readonly lifetime: number;
  /** Where the client believes that its packets come from. */
  readonly clientAddress: PcpAddress;
  readonly body: PcpBody;
  readonly options: readonly PcpOption[];
}

/** Octets of the header, of requests and responses. */
export const pcpHeaderLength = 24;

/** Reads a request of version 2; undefined where it is none, or broken. */
export function parsePcpRequest(bytes: Uint8Array): PcpRequest | undefined {
  if (!isWhole(bytes) || bytes[0] !== pcpVersion) return undefined;
  const view = viewOf(bytes);
  const second = view.getUint8(1);
  if (second >= 0x80) return undefined;
  const read = readBody(second, bytes.subarray(pcpHeaderLength));
  const options = read && readOptions(bytes.subarray(pcpHeaderLength + read.length));
  if (!options) return undefined;
  return { lifetime: view.getUint32(4), clientAddress: bytes.subarray(8, 24), body: read.body, options };
}

/** The octets of a request. Throws RangeError where a field is out of its range, or the message too long. */
export function buildPcpRequest({ lifetime, clientAddress, body, options }: PcpRequest): Uint8Array {
  if (clientAddress.length !== 16) throw new RangeError(`an address has 16 octets, not ${clientAddress.length}`);
  const { opcode, octets } = buildBody(body);
  const bytes = joined(octets, buildOptions(options));
  const view = viewOf(bytes);
  view.setUint8(0, pcpVersion);
  view.setUint8(1, opcode);
  view.setUint32(4, checked(lifetime, 0xffffffff));
  bytes.set(clientAddress, 8);
  return bytes;
}

/** Whether a message has a length that PCP allows (RFC 6887 7). */
export function isWhole(bytes: Uint8Array): boolean {
  return bytes.length >= pcpHeaderLength && bytes.length <= longestPcpMessage && bytes.length % 4 === 0;
}

/** An empty header, and what follows it. Throws RangeError where that is too long. */
export function joined(body: Uint8Array, options: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(pcpHeaderLength + body.length + options.length);
  bytes.set(body, pcpHeaderLength);
  bytes.set(options, pcpHeaderLength + body.length);
  if (!isWhole(bytes)) throw new RangeError(`a message of ${bytes.length} octets`);
  return bytes;
}
