import { MalformedNetlink } from './attribute.ts';

/** Flags of a netlink request (linux/netlink.h). */
export const flag = {
  request: 1,
  ack: 4,
  dumpInterrupted: 0x10,
  dump: 0x300,
  exclusive: 0x200,
  create: 0x400,
} as const;

/** Netfilter's address family byte. */
export const netfilterFamily = { unspecified: 0, inet: 1, ipv4: 2, ipv6: 10 } as const;

/** Head of a netfilter netlink message: netlink header and struct nfgenmsg. */
export interface Head {
  /** Subsystem in the high byte, message in the low one. */
  readonly type: number;
  readonly flags: number;
  /** Ties an answer to its request. */
  readonly sequence: number;
  readonly family: number;
  /** Names the subsystem in a batch's begin and end; 0 elsewhere. */
  readonly resource?: number;
}

/**
 * What comes back for a request: an errno (0 acknowledges), the end of a dump, or a message with its attributes still
 * in bytes.
 */
export type Answer =
  | { readonly kind: 'error'; readonly sequence: number; readonly errno: number }
  | { readonly kind: 'done'; readonly sequence: number; readonly errno: number }
  | { readonly kind: 'message'; readonly head: Head; readonly payload: Buffer };

/** Lengths of struct nlmsghdr and struct nfgenmsg. */
export const headLength = { netlink: 16, netfilter: 4 } as const;

const control = { error: 2, done: 3, least: 16 } as const;

/** The answers in one datagram from the kernel. Throws MalformedNetlink. */
export function decodeAnswers(bytes: Buffer): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < headLength.netlink) throw new MalformedNetlink('message header cut short', at);
    const length = bytes.readUInt32LE(at);
    if (length < headLength.netlink || at + length > bytes.length) throw new MalformedNetlink('message length', at);
    const answer = decodeAnswer(bytes.subarray(at, at + length), at);
    if (answer) answers.push(answer);
    at += (length + 3) & ~3;
  }
  return answers;
}

function decodeAnswer(bytes: Buffer, at: number): Answer | undefined {
  const type = bytes.readUInt16LE(4);
  const sequence = bytes.readUInt32LE(8);
  if (type < control.least) {
    if (type !== control.error && type !== control.done) return undefined;
    if (bytes.length < headLength.netlink + 4) throw new MalformedNetlink('errno cut short', at);
    const errno = Math.abs(bytes.readInt32LE(headLength.netlink));
    return { kind: type === control.error ? 'error' : 'done', sequence, errno };
  }
  if (bytes.length < headLength.netlink + headLength.netfilter)
    throw new MalformedNetlink('netfilter header cut short', at);
  return {
    kind: 'message',
    head: {
      type,
      flags: bytes.readUInt16LE(6),
      sequence,
      family: bytes.readUInt8(headLength.netlink),
      resource: bytes.readUInt16BE(headLength.netlink + 2),
    },
    payload: bytes.subarray(headLength.netlink + headLength.netfilter),
  };
}
