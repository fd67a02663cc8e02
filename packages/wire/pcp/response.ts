import { buildBody, checked, type PcpBody, readBody, viewOf } from './body.ts';
import { pcpResult, pcpVersion } from './codes.ts';
import { buildOptions, type PcpOption, readOptions } from './option.ts';
import { isWhole, joined, pcpHeaderLength } from './request.ts';

/** A server's answer, or what it tells unasked (RFC 6887 7.2). */
export interface PcpResponse {
  /** {@link pcpResult}, 0 to 255. */
  readonly result: number;
  /** Seconds, 32 bits: how long a mapping holds, or how long an error will. */
  readonly lifetime: number;
  /** Seconds since the server last lost its mappings, 32 bits (8.5). */
  readonly epoch: number;
  /** In errors as in the request; in an error of a server that could not read the request it may be missing. */
  readonly body: PcpBody | { readonly kind: 'missing'; readonly opcode: number };
  /** In successes those that were heeded, in errors all of the request. */
  readonly options: readonly PcpOption[];
}

/** Reads a response of version 2; undefined where it is none, or broken. */
export function parsePcpResponse(bytes: Uint8Array): PcpResponse | undefined {
  if (!isWhole(bytes) || bytes[0] !== pcpVersion) return undefined;
  const view = viewOf(bytes);
  const second = view.getUint8(1);
  if (second < 0x80) return undefined;
  const head = { result: view.getUint8(3), lifetime: view.getUint32(4), epoch: view.getUint32(8) };
  const opcode = second & 0x7f;
  const rest = bytes.subarray(pcpHeaderLength);
  if (rest.length === 0 && opcode !== 0 && head.result !== pcpResult.success)
    return { ...head, body: { kind: 'missing', opcode }, options: [] };
  const read = readBody(opcode, rest);
  const options = read && readOptions(rest.subarray(read.length));
  return options && { ...head, body: read.body, options };
}

/** The octets of a response. Throws RangeError where a field is out of its range, or the message too long. */
export function buildPcpResponse({ result, lifetime, epoch, body, options }: PcpResponse): Uint8Array {
  const { opcode, octets } =
    body.kind === 'missing' ? { opcode: checked(body.opcode, 0x7f), octets: new Uint8Array(0) } : buildBody(body);
  const bytes = joined(octets, buildOptions(options));
  const view = viewOf(bytes);
  view.setUint8(0, pcpVersion);
  view.setUint8(1, 0x80 | opcode);
  view.setUint8(3, checked(result, 0xff));
  view.setUint32(4, checked(lifetime, 0xffffffff));
  view.setUint32(8, checked(epoch, 0xffffffff));
  return bytes;
}

/**
 * The version that a server which does not speak ours answers with (RFC 6887 9): 0 is NAT-PMP. Undefined where the
 * octets say nothing of the kind.
 */
export function otherVersionIn(bytes: Uint8Array): number | undefined {
  const [version, second = 0, high = 0, low = 0] = bytes;
  // NAT-PMP's result has 16 bits where PCP's has a reserved octet before 8.
  const refuses = bytes.length >= 8 && second >= 0x80 && high === 0 && low === pcpResult.unsuppVersion;
  return refuses && version !== undefined && version !== pcpVersion ? version : undefined;
}
