import type { Endpoint } from '@sluice/model';
import { inNamespace } from '../lab/packets/index.ts';
import { bind, call, close, sendto, socket } from '../lab/packets/libc.ts';
import { addressFamily, socketAddress } from '../lab/packets/socket-address.ts';

/** Flows that take turns, addresses ready made. */
export type Row = readonly { readonly fd: number; readonly to: Uint8Array }[];

const datagramCloseOnExec = 2 | 0o2000000;
const payload = Buffer.alloc(172, 0x55);

/** Sends 172-byte datagrams from a host's ports as fast as one core can. */
export class Generator implements Disposable {
  readonly #sockets = new Map<number, number>();
  readonly #namespace: string;
  readonly #address: string;

  /** `namespace` is a path; `address` one of that host's. */
  constructor(namespace: string, address: string) {
    this.#namespace = namespace;
    this.#address = address;
  }

  /** Makes ready to send from those ports to those endpoints. */
  to(flows: readonly { readonly port: number; readonly to: Endpoint }[]): Row {
    return flows.map(({ port, to }) => ({ fd: this.#socket(port), to: socketAddress(to) }));
  }

  /** Sends `count` packets, the flows of the row in turn. */
  send(row: Row, count: number): void {
    for (let i = 0; i < count; i++) {
      const flow = row[i % row.length];
      if (flow) call('sendto', sendto(flow.fd, payload, payload.length, 0, flow.to, flow.to.length));
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#sockets.values()) close(fd);
  }

  #socket(port: number): number {
    const known = this.#sockets.get(port);
    if (known !== undefined) return known;
    const fd = inNamespace(this.#namespace, () => {
      const made = call('socket', socket(addressFamily.inet, datagramCloseOnExec, 0));
      const address = socketAddress({ address: this.#address, port });
      call('bind', bind(made, address, address.length));
      return made;
    });
    this.#sockets.set(port, fd);
    return fd;
  }
}
