import { need, readAttributes } from '../netlink/attribute.ts';
import { netfilterFamily } from '../netlink/message.ts';
import type { Request } from '../netlink/writer.ts';
import { addElement, flushSet, nftablesSubsystem, readComment } from './element.ts';

// linux/netfilter/nf_tables.h
const getTableMessage = 1;
const table = { name: 1, userdata: 6 } as const;

/** Asks for a table; answered by the table, or ENOENT. */
export function getTable(name: string): Request {
  return {
    type: (nftablesSubsystem << 8) | getTableMessage,
    flags: 0,
    family: netfilterFamily.inet,
    write: (writer) => writer.text(table.name, name),
  };
}

/** The comment that a table was loaded with; empty where it has none. Throws MalformedNetlink. */
export function readTableComment(payload: Buffer): string {
  const attributes = readAttributes(payload);
  return attributes.has(table.userdata) ? readComment(need(attributes, table.userdata)) : '';
}

/** Makes `keys` the members of a set without timeouts. */
export function fillSet(name: string, set: string, keys: readonly Uint8Array[]): Request[] {
  return [flushSet(name, set), ...keys.map((key) => addElement(name, { set, key }))];
}
