import { addressBytes, type Endpoint, familyOf, formatAddress, transportOf } from '@sluice/model';
import { protocolNumber } from './conntrack/flow.ts';
import type { KernelOpening } from './data-plane.ts';
import { MalformedNetlink } from './netlink/attribute.ts';
import type { Count, ElementKey, SetElement } from './nftables/element.ts';
import type { Ruleset } from './ruleset.ts';
import type { Shape } from './ruleset-parts.ts';
import { streamCode } from './stream-code.ts';

/** How specific an opening's remote endpoint is. */
export function shapeOf({ streamType, remote }: Pick<KernelOpening, 'streamType' | 'remote'>): Shape {
  if (streamType === 'esp') return 'peer';
  if (remote.address !== undefined) return remote.port !== undefined ? 'sap' : 'sa';
  return remote.port !== undefined ? 'sp' : 'any';
}

/** The element by which an opening is found: what arrives from its remote endpoint for its global one. */
export function arrivalKey(opening: KernelOpening): ElementKey {
  const { global, remote } = opening;
  const set = `in${familyOf(global.address)}_${shapeOf(opening)}`;
  return { set, key: Buffer.concat([protocolField(opening), remoteField(remote), nearField(opening, global)]) };
}

/** What of a ruleset decides which elements an opening has. */
export type ElementsPlan = Pick<Ruleset, 'numberSets' | 'translates'>;

const plain: ElementsPlan = { numberSets: [], translates: true };

/** Every element of opening number `id`, the arrival key first. `count` has passed already. */
export function elementsOf(
  opening: KernelOpening,
  id: number,
  leaseMs: number,
  count?: Count,
  { numberSets, translates }: ElementsPlan = plain,
): SetElement[] {
  const timeoutMs = Math.ceil(leaseMs);
  const number = markField(id);
  const shape = shapeOf(opening);
  const [protocol, remote] = [protocolField(opening), remoteField(opening.remote)];
  const family = familyOf(opening.global.address);
  const common: SetElement[] = [
    { ...arrivalKey(opening), data: number, timeoutMs, comment: opening.tag },
    { set: 'live', key: number, data: markField(streamCode(opening)), timeoutMs },
    { set: 'counted', key: number, timeoutMs, ...(count && { count }) },
    ...numberSets.map((set) => ({ set, key: number, timeoutMs })),
  ];
  if (family === 6 || !translates) return common;
  const local = nearField(opening, opening.local);
  return [
    ...common,
    { set: `out4_${shape}`, key: Buffer.concat([protocol, local, remote]), data: number, timeoutMs },
    { set: 'local4', key: number, data: endpointField(opening.local), timeoutMs },
    { set: 'global4', key: number, data: endpointField(opening.global), timeoutMs },
    ...hairpin(opening, number, timeoutMs),
  ];
}

/** What another device of the home sends to the global endpoint, and as what it is seen. */
function hairpin(opening: KernelOpening, number: Buffer, timeoutMs: number): SetElement[] {
  const { inside, global, remote } = opening;
  if (!inside) return [];
  const key = Buffer.concat([protocolField(opening), endpointField(inside), endpointField(global)]);
  return [
    { set: 'hair4', key, data: number, timeoutMs },
    { set: 'seen4', key: number, data: remoteField(remote), timeoutMs },
  ];
}

/** Reads the device that a key of `hair4` is about. Throws MalformedNetlink. */
export function readInside(key: Buffer): Endpoint {
  if (key.length !== 20) throw new MalformedNetlink('no key of this set', 0);
  return readEndpoint(key.subarray(4, 12));
}

/** A connection mark as set keys and data hold it: host order. */
export function markField(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Reads {@link markField}. Throws MalformedNetlink. */
export function readMark(bytes: Buffer): number {
  if (bytes.length !== 4) throw new MalformedNetlink('a mark is not of four bytes', 0);
  return bytes.readUInt32LE();
}

/** Reads an address and a port as maps hold them. Throws MalformedNetlink. */
export function readEndpoint(bytes: Buffer): Endpoint {
  if (bytes.length !== 8 && bytes.length !== 20) throw new MalformedNetlink('no address and port', 0);
  return { address: formatAddress(bytes.subarray(0, -4)), port: bytes.readUInt16BE(bytes.length - 4) };
}

/** What an arrival key of a shape says. Throws MalformedNetlink. */
export function readArrivalKey(key: Buffer, family: 4 | 6, shape: Shape): Pick<KernelOpening, 'remote' | 'global'> {
  const addressLength = family === 4 ? 4 : 16;
  if (shape === 'peer') {
    if (key.length !== 4 + 2 * addressLength) throw new MalformedNetlink('no key of this set', 0);
    const [from, to] = [key.subarray(4, -addressLength), key.subarray(-addressLength)];
    return { remote: { address: formatAddress(from) }, global: { address: formatAddress(to), port: 0 } };
  }
  const remoteLength = { sap: addressLength + 4, sa: addressLength, sp: 4, any: 0 }[shape];
  if (key.length !== 4 + remoteLength + addressLength + 4) throw new MalformedNetlink('no key of this set', 0);
  const global = readEndpoint(key.subarray(-addressLength - 4));
  const fields = key.subarray(4, -addressLength - 4);
  const address = shape === 'sap' || shape === 'sa' ? formatAddress(fields.subarray(0, addressLength)) : undefined;
  const port = shape === 'sap' || shape === 'sp' ? fields.readUInt16BE(fields.length - 4) : undefined;
  return {
    global,
    remote: { ...(address !== undefined && { address }), ...(port !== undefined && { port }) },
  };
}

/** Address and port of a remote endpoint, as far as known. */
function remoteField({ address, port }: KernelOpening['remote']): Uint8Array {
  if (address === undefined) return port === undefined ? new Uint8Array(0) : portField(port);
  return port === undefined ? addressBytes(address) : endpointField({ address, port });
}

/** The near end in a key; without ports its address alone. */
function nearField({ streamType }: KernelOpening, end: Endpoint): Uint8Array {
  return streamType === 'esp' ? addressBytes(end.address) : endpointField(end);
}

function endpointField({ address, port }: Endpoint): Buffer {
  const bytes = addressBytes(address);
  const field = Buffer.alloc(bytes.length + 4);
  field.set(bytes);
  field.writeUInt16BE(port, bytes.length);
  return field;
}

/** A port in a key. Each field of a concatenation fills whole 4-byte registers. */
function portField(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff, 0, 0);
}

function protocolField(opening: KernelOpening): Uint8Array {
  return Uint8Array.of(protocolNumber[transportOf(opening.streamType)], 0, 0, 0);
}
