import { addressBytes, type Endpoint, familyOf, formatAddress, type IpProtocol } from '@sluice/model';
import { MalformedNetlink, need, readAttributes } from '../netlink/attribute.ts';
import { flag, netfilterFamily } from '../netlink/message.ts';
import type { NetlinkWriter, Request } from '../netlink/writer.ts';

// linux/netfilter/nfnetlink_conntrack.h
const subsystem = 1;
const message = { update: 0, get: 1, delete: 2 } as const;
const attribute = { original: 1, reply: 2, mark: 8, filter: 25 } as const;
const filter = { original: 1, reply: 2 } as const;
const filterFlag = { protocol: 8, from: 16, to: 32 } as const;
const tuple = { address: 1, protocol: 2 } as const;
const address = { v4From: 1, v4To: 2, v6From: 3, v6To: 4 } as const;
const protocol = { number: 1, fromPort: 2, toPort: 3 } as const;

/** Protocol numbers (IANA). */
export const protocolNumber = { tcp: 6, udp: 17, esp: 50, sctp: 132 } as const;

const transports = Object.keys(protocolNumber) as IpProtocol[];

/** One direction of a flow. */
export interface Tuple {
  readonly transport: IpProtocol;
  /** Ports are 0 where the protocol has none. */
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/** A conntrack entry. */
export interface TrackedFlow {
  /** As the side that began it sends. */
  readonly original: Tuple;
  /** As the answers arrive, after translation. */
  readonly reply: Tuple;
  /** The connection mark; 0: none. */
  readonly mark: number;
}

/** Asks for the entry that has `wanted` as its original or its reply tuple; ENOENT where there is none. */
export function getFlow(wanted: Tuple, direction: 'original' | 'reply'): Request {
  return request(message.get, wanted, direction);
}

/** Removes the entry with that original tuple. */
export function deleteFlow(original: Tuple): Request {
  return request(message.delete, original, 'original');
}

/** Sets the mark of the entry with that original tuple. */
export function markFlow(original: Tuple, mark: number): Request {
  return request(message.update, original, 'original', (writer) => writer.u32(attribute.mark, mark));
}

/**
 * Asks for every entry of a transport with the port of `endpoint` at one end of one direction; the address is for the
 * asker to compare, as kernels compare IPv6 addresses the wrong way round here. The kernel walks its whole table.
 */
export function dumpFlows(
  transport: IpProtocol,
  direction: 'original' | 'reply',
  end: 'from' | 'to',
  endpoint: Endpoint,
): Request {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(filterFlag.protocol | filterFlag[end]);
  const asked = request(message.get, { transport, from: endpoint, to: endpoint }, direction, (writer) =>
    writer.nested(attribute.filter, () => writer.attribute(filter[direction], flags)),
  );
  return { ...asked, flags: flag.dump };
}

/** The entry in an answer's payload. Throws MalformedNetlink. */
export function readFlow(payload: Buffer): TrackedFlow {
  const attributes = readAttributes(payload);
  const mark = attributes.get(attribute.mark);
  return {
    original: readTuple(need(attributes, attribute.original)),
    reply: readTuple(need(attributes, attribute.reply)),
    mark: mark ? need(attributes, attribute.mark, 4).readUInt32BE() : 0,
  };
}

function request(
  type: number,
  wanted: Tuple,
  direction: 'original' | 'reply',
  more: (writer: NetlinkWriter) => void = () => {},
): Request {
  return {
    type: (subsystem << 8) | type,
    flags: 0,
    family: familyOf(wanted.from.address) === 4 ? netfilterFamily.ipv4 : netfilterFamily.ipv6,
    write(writer) {
      writeTuple(writer, attribute[direction], wanted);
      more(writer);
    },
  };
}

function writeTuple(writer: NetlinkWriter, type: number, written: Tuple): void {
  const v4 = familyOf(written.from.address) === 4;
  writer.nested(type, () => {
    writer.nested(tuple.address, () => {
      writer.attribute(v4 ? address.v4From : address.v6From, addressBytes(written.from.address));
      writer.attribute(v4 ? address.v4To : address.v6To, addressBytes(written.to.address));
    });
    writer.nested(tuple.protocol, () => {
      writer.attribute(protocol.number, Uint8Array.of(protocolNumber[written.transport]));
      if (written.transport === 'esp') return;
      writer.attribute(protocol.fromPort, portBytes(written.from.port));
      writer.attribute(protocol.toPort, portBytes(written.to.port));
    });
  });
}

function readTuple(bytes: Buffer): Tuple {
  const parts = readAttributes(bytes);
  const addresses = readAttributes(need(parts, tuple.address));
  const ports = readAttributes(need(parts, tuple.protocol));
  const number = need(ports, protocol.number, 1)[0];
  const transport = transports.find((known) => protocolNumber[known] === number);
  if (transport === undefined) throw new MalformedNetlink(`tuple of protocol ${number}`, 0);
  const v4 = addresses.has(address.v4From);
  const end = (addressType: number, portType: number): Endpoint => ({
    address: formatAddress(need(addresses, addressType, v4 ? 4 : 16)),
    port: transport === 'esp' ? 0 : need(ports, portType, 2).readUInt16BE(),
  });
  return {
    transport,
    from: end(v4 ? address.v4From : address.v6From, protocol.fromPort),
    to: end(v4 ? address.v4To : address.v6To, protocol.toPort),
  };
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
