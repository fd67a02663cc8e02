import { errno, NetlinkFailure } from './errno.ts';
import { addressOf, lastErrno, recvmmsg } from './libc.ts';

const slots = 32;
/** The kernel fills no datagram of a dump beyond 32 KiB (net/netlink/af_netlink.c, netlink_dump). */
const slotLength = 32 << 10;
const dontWait = 0x40;
const truncated = 0x20;

// struct mmsghdr and struct iovec on 64-bit Linux.
const mmsghdr = { length: 64, iov: 16, iovCount: 24, flags: 48, received: 56 } as const;
const iovec = { length: 16, base: 0, size: 8 } as const;

/** Takes what is queued on a socket, many datagrams a call. */
export class Inbox {
  readonly #slots = Buffer.alloc(slots * slotLength);
  readonly #vectors = Buffer.alloc(slots * iovec.length);
  readonly #headers = Buffer.alloc(slots * mmsghdr.length);

  constructor() {
    const [base, vectors] = [addressOf(this.#slots), addressOf(this.#vectors)];
    for (let i = 0; i < slots; i++) {
      this.#vectors.writeBigUInt64LE(base + BigInt(i * slotLength), i * iovec.length + iovec.base);
      this.#vectors.writeBigUInt64LE(BigInt(slotLength), i * iovec.length + iovec.size);
      const header = i * mmsghdr.length;
      this.#headers.writeBigUInt64LE(vectors + BigInt(i * iovec.length), header + mmsghdr.iov);
      this.#headers.writeBigUInt64LE(1n, header + mmsghdr.iovCount);
    }
  }

  /** Every datagram that is queued, each a copy; none where nothing is. Throws NetlinkFailure. */
  *drain(fd: number): Generator<Buffer> {
    for (;;) {
      const count = recvmmsg(fd, this.#headers, slots, dontWait, null);
      if (count < 0) {
        const code = lastErrno();
        if (code === errno.again) return;
        if (code === errno.interrupted) continue;
        throw new NetlinkFailure('recvmmsg', code);
      }
      for (let i = 0; i < count; i++) {
        const header = i * mmsghdr.length;
        if ((this.#headers.readInt32LE(header + mmsghdr.flags) & truncated) !== 0)
          throw new NetlinkFailure('recvmmsg of a datagram beyond its slot', errno.messageSize);
        const length = this.#headers.readUInt32LE(header + mmsghdr.received);
        yield Buffer.from(this.#slots.subarray(i * slotLength, i * slotLength + length));
      }
      // Reading a dump makes the kernel write on, so a call stops early only when nothing more is to come.
      if (count < slots) return;
    }
  }
}
