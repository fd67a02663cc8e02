import type { PcpAddress } from './address.ts';
import { nonceLength, pcpOpcode } from './codes.ts';

/** What a mapping is about; in requests the external end is suggested, in responses it is assigned (RFC 6887 11.1). */
export interface PcpMapping {
  /** 12 octets that only who made the mapping knows. */
  readonly nonce: Uint8Array;
  /** IANA's number; 0 stands for all. */
  readonly protocol: number;
  readonly internalPort: number;
  readonly externalPort: number;
  readonly externalAddress: PcpAddress;
}

/** What follows the header, by opcode. */
export type PcpBody =
  | { readonly kind: 'announce' }
  | { readonly kind: 'map'; readonly mapping: PcpMapping }
  | {
      readonly kind: 'peer';
      readonly mapping: PcpMapping;
      readonly remotePort: number;
      readonly remoteAddress: PcpAddress;
    }
  /** An opcode that is not known here; all octets after the header, options too. */
  | { readonly kind: 'other'; readonly opcode: number; readonly octets: Uint8Array };

const mapLength = 36;
const peerLength = 56;

/** The body and where options begin; undefined where it is cut short. */
export function readBody(opcode: number, bytes: Uint8Array): { body: PcpBody; length: number } | undefined {
  switch (opcode) {
    case pcpOpcode.announce:
      return { body: { kind: 'announce' }, length: 0 };
    case pcpOpcode.map:
      if (bytes.length < mapLength) return undefined;
      return { body: { kind: 'map', mapping: readMapping(bytes) }, length: mapLength };
    case pcpOpcode.peer:
      if (bytes.length < peerLength) return undefined;
      return {
        body: {
          kind: 'peer',
          mapping: readMapping(bytes),
          remotePort: viewOf(bytes).getUint16(mapLength),
          remoteAddress: bytes.subarray(mapLength + 4, peerLength),
        },
        length: peerLength,
      };
    default:
      return { body: { kind: 'other', opcode, octets: bytes }, length: bytes.length };
  }
}

/** A body's opcode and octets. Throws RangeError where a field is out of its range. */
export function buildBody(body: PcpBody): { readonly opcode: number; readonly octets: Uint8Array } {
  switch (body.kind) {
    case 'announce':
      return { opcode: pcpOpcode.announce, octets: new Uint8Array(0) };
    case 'map':
      return { opcode: pcpOpcode.map, octets: buildMapping(body.mapping, mapLength) };
    case 'peer': {
      const octets = buildMapping(body.mapping, peerLength);
      viewOf(octets).setUint16(mapLength, checked(body.remotePort, 0xffff));
      octets.set(sized(body.remoteAddress, 16), mapLength + 4);
      return { opcode: pcpOpcode.peer, octets };
    }
    case 'other':
      return { opcode: checked(body.opcode, 0x7f), octets: body.octets };
  }
}

function readMapping(bytes: Uint8Array): PcpMapping {
  const view = viewOf(bytes);
  return {
    nonce: bytes.subarray(0, nonceLength),
    protocol: view.getUint8(12),
    internalPort: view.getUint16(16),
    externalPort: view.getUint16(18),
    externalAddress: bytes.subarray(20, mapLength),
  };
}

function buildMapping(mapping: PcpMapping, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  const view = viewOf(octets);
  octets.set(sized(mapping.nonce, nonceLength));
  view.setUint8(12, checked(mapping.protocol, 0xff));
  view.setUint16(16, checked(mapping.internalPort, 0xffff));
  view.setUint16(18, checked(mapping.externalPort, 0xffff));
  octets.set(sized(mapping.externalAddress, 16), 20);
  return octets;
}

/** A number that fits. Throws RangeError. */
export function checked(value: number, most: number): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= most)) throw new RangeError(`out of range: ${value}`);
  return value;
}

function sized(octets: Uint8Array, length: number): Uint8Array {
  if (octets.length !== length) throw new RangeError(`${octets.length} octets where ${length} are needed`);
  return octets;
}

/** Over the very octets of an array. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
