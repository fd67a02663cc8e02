import { setTimeout } from 'node:timers/promises';
import { bind, call, close, interfaceIndex, lastErrno, recvfrom, setsockopt, socket } from './libc.ts';
import { inNamespace } from './namespace.ts';
import { decodePacket, type Packet } from './packet.ts';
import type { Token } from './payload.ts';
import { addressFamily } from './socket-address.ts';

const datagramCloseOnExec = 2 | 0o2000000;
const everyProtocol = 3;
const dontWait = 0x40;
const again = 11;
const outgoing = 4;
const solSocket = 1;
const option = { rcvbuf: 8, rcvbufForce: 33 } as const;
const addressLength = 20;

/** A packet as it was on an interface. */
export interface Sniffed {
  readonly packet: Packet;
  /** Whether the host sent it, or it came in. */
  readonly direction: 'in' | 'out';
}

/** Sees every IP packet on one interface of a host from the moment it is made, before that host's own firewall. */
export class Sniffer implements Disposable {
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(65_536);
  #seen: Sniffed[] = [];

  /** `namespace` is a path, "/run/netns/NAME". Throws SystemCallFailed. */
  constructor(namespace: string, interfaceName: string) {
    this.#fd = inNamespace(namespace, () => open(interfaceName));
  }

  /** Everything up to now, oldest first. Never waits. */
  seen(): readonly Sniffed[] {
    const from = Buffer.alloc(addressLength);
    for (;;) {
      const length = recvfrom(this.#fd, this.#bytes, this.#bytes.length, dontWait, from, Uint32Array.of(addressLength));
      if (length < 0) {
        if (lastErrno() === again) return this.#seen;
        call('recvfrom', length);
      }
      const packet = decodePacket(Buffer.from(this.#bytes.subarray(0, length)));
      if (packet) this.#seen.push({ packet, direction: from[10] === outgoing ? 'out' : 'in' });
    }
  }

  /** What came in up to now with the token in its payload. */
  received(token: Token): Packet[] {
    return this.#matching(token, 'in');
  }

  /** How many packets came in up to now with the token in their payload. */
  count(token: Token): number {
    return this.received(token).length;
  }

  /** What the host sent up to now with the token in its payload. */
  sent(token: Token): Packet[] {
    return this.#matching(token, 'out');
  }

  /** Resolves when `enough` packets with the token came in; rejects with the signal's reason. */
  async waitFor(token: Token, enough: number, signal: AbortSignal): Promise<void> {
    while (this.count(token) < enough) await setTimeout(1, undefined, { signal });
  }

  /** Forgets everything up to now. */
  clear(): void {
    this.seen();
    this.#seen = [];
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  #matching(token: Token, direction: Sniffed['direction']): Packet[] {
    return this.seen().flatMap((sniffed) =>
      sniffed.direction === direction && Buffer.from(sniffed.packet.payload).includes(token) ? [sniffed.packet] : [],
    );
  }
}

function open(interfaceName: string): number {
  // Protocol 0 until bound: nothing of other interfaces gets in between.
  const fd = call('socket', socket(addressFamily.packet, datagramCloseOnExec, 0));
  const value = Buffer.alloc(4);
  value.writeInt32LE(32 << 20);
  // Forcing needs privilege over the machine; without it the ordinary limit holds.
  if (setsockopt(fd, solSocket, option.rcvbufForce, value, 4) < 0) setsockopt(fd, solSocket, option.rcvbuf, value, 4);
  const address = Buffer.alloc(addressLength);
  address.writeUInt16LE(addressFamily.packet, 0);
  address.writeUInt16BE(everyProtocol, 2);
  address.writeInt32LE(interfaceIndex(interfaceName), 4);
  call('bind', bind(fd, address, address.length));
  return fd;
}
