import { natPmpResult } from './results.ts';

/** A client's request (RFC 6886 3.2, 3.3). */
export type NatPmpRequest =
  | { readonly kind: 'external-address' }
  | {
      readonly kind: 'map';
      readonly protocol: 'udp' | 'tcp';
      readonly internalPort: number;
      /** Suggested; 0 for none, and in a deletion. */
      readonly externalPort: number;
      /** Seconds, 32 bits; 0 deletes. */
      readonly lifetime: number;
    };

/** A gateway's answer; a successful one about its address is also what it announces. */
export type NatPmpResponse = {
  /** {@link natPmpResult}, 16 bits. */
  readonly result: number;
  /** Seconds since the gateway last lost its mappings, 32 bits (RFC 6886 3.6). */
  readonly epoch: number;
} & (
  | { readonly kind: 'external-address' /** 4 octets. */; readonly address: Uint8Array }
  | {
      readonly kind: 'map';
      readonly protocol: 'udp' | 'tcp';
      readonly internalPort: number;
      readonly externalPort: number;
      /** Seconds, 32 bits. */
      readonly lifetime: number;
    }
  /** An error without a body, or to an opcode that is not known here. */
  | { readonly kind: 'error'; readonly opcode: number }
);

const version = 0;
const protocols = { udp: 1, tcp: 2 } as const;

/** Reads a request; undefined where it is none. */
export function parseNatPmpRequest(bytes: Uint8Array): NatPmpRequest | undefined {
  if (bytes[0] !== version) return undefined;
  if (bytes.length === 2 && bytes[1] === 0) return { kind: 'external-address' };
  const protocol = protocolOf(bytes[1] ?? 0);
  if (bytes.length !== 12 || !protocol) return undefined;
  const view = viewOf(bytes);
  return {
    kind: 'map',
    protocol,
    internalPort: view.getUint16(4),
    externalPort: view.getUint16(6),
    lifetime: view.getUint32(8),
  };
}

/** The octets of a request. Throws RangeError where a field is out of its range. */
export function buildNatPmpRequest(request: NatPmpRequest): Uint8Array {
  if (request.kind === 'external-address') return new Uint8Array(2);
  const bytes = new Uint8Array(12);
  const view = viewOf(bytes);
  view.setUint8(1, protocols[request.protocol]);
  view.setUint16(4, checked(request.internalPort, 0xffff));
  view.setUint16(6, checked(request.externalPort, 0xffff));
  view.setUint32(8, checked(request.lifetime, 0xffffffff));
  return bytes;
}

/** Reads a response; undefined where it is none. */
export function parseNatPmpResponse(bytes: Uint8Array): NatPmpResponse | undefined {
  const second = bytes[1] ?? 0;
  if (bytes.length < 8 || bytes[0] !== version || second < 0x80) return undefined;
  const view = viewOf(bytes);
  const opcode = second & 0x7f;
  const head = { result: view.getUint16(2), epoch: view.getUint32(4) };
  const protocol = protocolOf(opcode);
  if (opcode === 0 && bytes.length === 12) return { ...head, kind: 'external-address', address: bytes.subarray(8, 12) };
  if (protocol && bytes.length === 16)
    return {
      ...head,
      kind: 'map',
      protocol,
      internalPort: view.getUint16(8),
      externalPort: view.getUint16(10),
      lifetime: view.getUint32(12),
    };
  return head.result === natPmpResult.success ? undefined : { ...head, kind: 'error', opcode };
}

/** The octets of a response. Throws RangeError where a field is out of its range. */
export function buildNatPmpResponse(response: NatPmpResponse): Uint8Array {
  const bytes = new Uint8Array({ 'external-address': 12, map: 16, error: 8 }[response.kind]);
  const view = viewOf(bytes);
  view.setUint16(2, checked(response.result, 0xffff));
  view.setUint32(4, checked(response.epoch, 0xffffffff));
  switch (response.kind) {
    case 'external-address':
      if (response.address.length !== 4) throw new RangeError(`an address of ${response.address.length} octets`);
      view.setUint8(1, 0x80);
      bytes.set(response.address, 8);
      break;
    case 'map':
      view.setUint8(1, 0x80 | protocols[response.protocol]);
      view.setUint16(8, checked(response.internalPort, 0xffff));
      view.setUint16(10, checked(response.externalPort, 0xffff));
      view.setUint32(12, checked(response.lifetime, 0xffffffff));
      break;
    case 'error':
      view.setUint8(1, 0x80 | checked(response.opcode, 0x7f));
  }
  return bytes;
}

function protocolOf(opcode: number): 'udp' | 'tcp' | undefined {
  return opcode === protocols.udp ? 'udp' : opcode === protocols.tcp ? 'tcp' : undefined;
}

function checked(value: number, most: number): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= most)) throw new RangeError(`out of range: ${value}`);
  return value;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
