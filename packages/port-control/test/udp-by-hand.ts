import type { Endpoint } from '@sluice/model';
import type { PortControlServer, Udp, UdpFailure, UdpListener } from '../udp.ts';

/** UDP whose other end is the test. */
export class UdpByHand implements Udp {
  readonly local: Endpoint = { address: '192.168.1.2', port: 40_000 };
  /** What was sent, in order. */
  readonly sent: Uint8Array[] = [];
  /** Sockets that were not closed. */
  readonly sockets: {
    readonly server: PortControlServer;
    readonly local: string;
    readonly listener: UdpListener;
  }[] = [];
  /** The addresses of this machine. */
  own = ['192.168.1.2'];
  /** Instead of a socket. */
  failure: UdpFailure | undefined;

  async open(server: PortControlServer, local: string | undefined, listener: UdpListener) {
    if (this.failure) return this.failure;
    if (local !== undefined && !this.own.includes(local)) return { failed: 'not-ours', reason: local } as const;
    const entry = { server, local: local ?? this.local.address, listener };
    this.sockets.push(entry);
    return {
      local: { ...this.local, address: entry.local },
      send: (bytes: Uint8Array) => void this.sent.push(bytes),
      [Symbol.dispose]: () => void this.sockets.splice(this.sockets.indexOf(entry), 1),
    };
  }

  /** A datagram from the server to the last socket. */
  answer(bytes: Uint8Array): void {
    this.sockets.at(-1)?.listener.message(bytes);
  }
}
