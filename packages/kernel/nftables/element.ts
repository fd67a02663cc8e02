import {
  type Attributes,
  listAttributes,
  MalformedNetlink,
  need,
  needU64,
  readAttributes,
} from '../netlink/attribute.ts';
import { flag, netfilterFamily } from '../netlink/message.ts';
import type { NetlinkWriter, Request } from '../netlink/writer.ts';

/** nfnetlink subsystem of nftables (linux/netfilter/nfnetlink.h). */
export const nftablesSubsystem = 10;

// linux/netfilter/nf_tables.h
const message = { newElement: 12, getElement: 13, deleteElement: 14 } as const;
const list = { table: 1, set: 2, elements: 3 } as const;
const element = { key: 1, data: 2, timeout: 4, expiration: 5, userdata: 6, expression: 7 } as const;
const listElement = 1;
const dataValue = 1;
const expression = { name: 1, data: 2 } as const;
const counter = { bytes: 1, packets: 2 } as const;
/** nft(8) shows userdata of this type as `comment`. */
const commentUserdata = 0;

/** What passed. */
export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** An element of a set or map, as it is written. */
export interface SetElement {
  readonly set: string;
  readonly key: Uint8Array;
  /** Maps only. */
  readonly data?: Uint8Array;
  /** The kernel removes it after so long; at least 1. */
  readonly timeoutMs?: number;
  /** At most 120 bytes of UTF-8. */
  readonly comment?: string;
  /** Where its counter starts; sets with counters only. */
  readonly count?: Count;
}

/** An element as the kernel tells it. */
export interface HeldElement {
  readonly key: Buffer;
  readonly data?: Buffer;
  readonly remainingMs: number;
  readonly comment: string;
  readonly count: Count;
}

/** Which element is meant: set and key. */
export type ElementKey = Pick<SetElement, 'set' | 'key'>;

/** Adds an element; EEXIST where its key is taken. */
export function addElement(table: string, added: SetElement): Request {
  return {
    type: (nftablesSubsystem << 8) | message.newElement,
    flags: flag.create | flag.exclusive,
    family: netfilterFamily.inet,
    write: (writer) => writeList(writer, table, added.set, () => writeElement(writer, added)),
  };
}

/** Removes an element; ENOENT where there is none, which aborts the transaction. */
export function removeElement(table: string, removed: ElementKey): Request {
  return {
    type: (nftablesSubsystem << 8) | message.deleteElement,
    flags: 0,
    family: netfilterFamily.inet,
    write: (writer) => writeList(writer, table, removed.set, () => writeElement(writer, removed)),
  };
}

/** Removes every element of a set. */
export function flushSet(table: string, set: string): Request {
  return {
    type: (nftablesSubsystem << 8) | message.deleteElement,
    flags: 0,
    family: netfilterFamily.inet,
    write(writer) {
      writer.text(list.table, table);
      writer.text(list.set, set);
    },
  };
}

/** Asks for one element; answered by the element, or ENOENT. */
export function getElement(table: string, wanted: ElementKey): Request {
  return {
    type: (nftablesSubsystem << 8) | message.getElement,
    flags: 0,
    family: netfilterFamily.inet,
    write: (writer) => writeList(writer, table, wanted.set, () => writeElement(writer, wanted)),
  };
}

/** Asks for every element of a set. */
export function dumpSet(table: string, set: string): Request {
  return {
    type: (nftablesSubsystem << 8) | message.getElement,
    flags: flag.dump,
    family: netfilterFamily.inet,
    write(writer) {
      writer.text(list.table, table);
      writer.text(list.set, set);
    },
  };
}

/** The elements in one answer's payload. Throws MalformedNetlink. */
export function readElements(payload: Buffer): HeldElement[] {
  const elements = readAttributes(payload).get(list.elements);
  return elements ? listAttributes(elements).map((bytes) => readElement(readAttributes(bytes))) : [];
}

function writeList(writer: NetlinkWriter, table: string, set: string, writeOne: () => void): void {
  writer.text(list.table, table);
  writer.text(list.set, set);
  writer.nested(list.elements, () => writer.nested(listElement, writeOne));
}

function writeElement(writer: NetlinkWriter, written: Omit<SetElement, 'set'>): void {
  const { key, data, timeoutMs, comment, count } = written;
  if (timeoutMs !== undefined) writer.u64(element.timeout, timeoutMs);
  writer.nested(element.key, () => writer.attribute(dataValue, key));
  if (data) writer.nested(element.data, () => writer.attribute(dataValue, data));
  if (comment !== undefined) writer.attribute(element.userdata, commentBytes(comment));
  if (count) {
    writer.nested(element.expression, () => {
      writer.text(expression.name, 'counter');
      writer.nested(expression.data, () => {
        writer.u64(counter.bytes, count.bytes);
        writer.u64(counter.packets, count.packets);
      });
    });
  }
}

function readElement(attributes: Attributes): HeldElement {
  const data = attributes.get(element.data);
  const value = data && readAttributes(data).get(dataValue);
  const userdata = attributes.get(element.userdata);
  const expressionBytes = attributes.get(element.expression);
  return {
    key: need(readAttributes(need(attributes, element.key)), dataValue),
    ...(value && { data: value }),
    remainingMs: attributes.has(element.expiration) ? needU64(attributes, element.expiration) : 0,
    comment: userdata ? readComment(userdata) : '',
    count: expressionBytes ? readCount(readAttributes(expressionBytes)) : { packets: 0, bytes: 0 },
  };
}

function readCount(attributes: Attributes): Count {
  const values = readAttributes(need(attributes, expression.data));
  return { packets: needU64(values, counter.packets), bytes: needU64(values, counter.bytes) };
}

function commentBytes(comment: string): Buffer {
  const text = Buffer.from(`${comment}\0`);
  return Buffer.concat([Buffer.from([commentUserdata, text.length]), text]);
}

/** Userdata is a list of type, length, value with one byte each of type and length (libnftnl udata). */
export function readComment(userdata: Buffer): string {
  let at = 0;
  while (at + 2 <= userdata.length) {
    const length = userdata.readUInt8(at + 1);
    if (at + 2 + length > userdata.length) throw new MalformedNetlink('userdata cut short', at);
    if (userdata[at] === commentUserdata)
      return userdata.toString('utf8', at + 2, at + 2 + length).replace(/\0.*$/s, '');
    at += 2 + length;
  }
  return '';
}
