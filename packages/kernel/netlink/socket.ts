import { encodeBatch } from './batch.ts';
import { errno, NetlinkFailure } from './errno.ts';
import { Inbox } from './inbox.ts';
import { bind, close, getsockname, lastErrno, send, setsockopt, socket } from './libc.ts';
import { type Answer, decodeAnswers, flag } from './message.ts';
import { NetlinkWriter, type Request } from './writer.ts';

const af = { netlink: 16 } as const;
const type = { raw: 3, closeOnExec: 0o2000000 } as const;
const netfilterProtocol = 12;
const level = { socket: 1, netlink: 270 } as const;
const option = { sndbuf: 7, rcvbuf: 8, sndbufForce: 32, rcvbufForce: 33 } as const;
/** Errors come without the message that they are about. */
const capAcknowledgements = 10;
/** What a socket has before anyone asks for more; smaller datagrams need no option. */
const ordinaryBuffer = 200_000;
const receiveBuffer = 8 << 20;
/** Their answers fit an ordinary receive buffer; what does not fit is lost. */
const askedAtOnce = 64;

/**
 * A netfilter netlink socket of the network namespace in which it is made. Every call is synchronous: the kernel has
 * queued all its answers when send returns.
 */
export class NetfilterSocket implements Disposable {
  readonly #fd: number;
  readonly #inbox = new Inbox();
  #sendBuffer = ordinaryBuffer;
  #sequence = 1;

  /** Throws NetlinkFailure. */
  constructor() {
    this.#fd = openNetfilter();
    setsockopt(this.#fd, level.netlink, capAcknowledgements, Buffer.from([1, 0, 0, 0]), 4);
    this.#room(option.rcvbufForce, option.rcvbuf, receiveBuffer);
  }

  /** What the kernel calls this socket in what it tells of its doings. Throws NetlinkFailure. */
  get port(): number {
    const address = Buffer.alloc(12);
    if (getsockname(this.#fd, address, Uint32Array.of(address.length)) < 0)
      throw new NetlinkFailure('getsockname', lastErrno());
    return address.readUInt32LE(4);
  }

  /** Sends requests; gives the answers of each, in order. Throws NetlinkFailure, MalformedNetlink. */
  ask(requests: readonly Request[]): Answer[][] {
    const answers: Answer[][] = [];
    for (let from = 0; from < requests.length; from += askedAtOnce)
      answers.push(...this.#askSome(requests.slice(from, from + askedAtOnce)));
    return answers;
  }

  /** One transaction; the errno of each message, 0 for those that nothing was said of. Throws NetlinkFailure. */
  transact(subsystem: number, messages: readonly Request[]): number[] {
    const first = this.#take(messages.length + 2);
    this.#send(encodeBatch(subsystem, messages, first));
    const answers = this.#sort(first, messages.length + 2);
    const [start, ...rest] = answers.map((list) => list.find((answer) => answer.kind === 'error')?.errno);
    // Refused as a whole (no permission, out of memory): the answer carries the sequence of the batch's begin.
    if (start) throw new NetlinkFailure('batch', start);
    if (rest.every((code) => code === undefined)) throw new NetlinkFailure('batch without an answer', errno.noBuffers);
    return rest.slice(0, messages.length).map((code) => code ?? 0);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  #askSome(requests: readonly Request[]): Answer[][] {
    const writer = new NetlinkWriter(requests.length * 160);
    const first = this.#take(requests.length);
    for (const [index, request] of requests.entries()) {
      const head = { ...request, flags: request.flags | flag.request, sequence: first + index };
      writer.message(head, () => request.write(writer));
    }
    this.#send(writer.bytes());
    return this.#sort(first, requests.length);
  }

  #take(count: number): number {
    if (this.#sequence + count > 0x7fffffff) this.#sequence = 1;
    const first = this.#sequence;
    this.#sequence += count;
    return first;
  }

  #send(bytes: Buffer): void {
    if (bytes.length > this.#sendBuffer) {
      this.#room(option.sndbufForce, option.sndbuf, bytes.length + 4096);
      this.#sendBuffer = bytes.length;
    }
    if (send(this.#fd, bytes, bytes.length, 0) < 0) throw new NetlinkFailure('send', lastErrno());
  }

  #sort(first: number, count: number): Answer[][] {
    const sorted: Answer[][] = Array.from({ length: count }, () => []);
    for (const datagram of this.#inbox.drain(this.#fd)) {
      for (const answer of decodeAnswers(datagram)) {
        const sequence = answer.kind === 'message' ? answer.head.sequence : answer.sequence;
        sorted[sequence - first]?.push(answer);
      }
    }
    return sorted;
  }

  /** Force needs privilege over the machine; without it the ordinary limit (net.core.wmem_max, rmem_max) holds. */
  #room(force: number, ordinary: number, bytes: number): void {
    const value = Buffer.alloc(4);
    value.writeInt32LE(Math.min(bytes, 0x3fffffff));
    if (setsockopt(this.#fd, level.socket, force, value, 4) >= 0) return;
    setsockopt(this.#fd, level.socket, ordinary, value, 4);
  }
}

/** A netfilter netlink socket, bound: its descriptor, to be closed. Throws NetlinkFailure. */
export function openNetfilter(): number {
  const fd = socket(af.netlink, type.raw | type.closeOnExec, netfilterProtocol);
  if (fd < 0) throw new NetlinkFailure('socket', lastErrno());
  const address = Buffer.alloc(12);
  address.writeUInt16LE(af.netlink, 0);
  if (bind(fd, address, address.length) >= 0) return fd;
  const failure = new NetlinkFailure('bind', lastErrno());
  close(fd);
  throw failure;
}
