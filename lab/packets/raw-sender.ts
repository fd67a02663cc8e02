import { familyOf } from '@sluice/model';
import { call, close, sendto, socket } from './libc.ts';
import { inNamespace } from './namespace.ts';
import { encodePacket, type Packet } from './packet.ts';
import { addressFamily, socketAddress } from './socket-address.ts';

const rawCloseOnExec = 3 | 0o2000000;
/** The caller writes the IP header, source address included (raw(7)). */
const ipprotoRaw = 255;

/**
 * Sends packets from a host with any source address and port, right or wrong, routed as its own. It needs the
 * privileges that every process of the world has.
 */
export class RawSender implements Disposable {
  readonly #fd4: number;
  readonly #fd6: number;

  /** `namespace` is a path, "/run/netns/NAME". Throws SystemCallFailed. */
  constructor(namespace: string) {
    [this.#fd4, this.#fd6] = inNamespace(namespace, () => [
      call('socket', socket(addressFamily.inet, rawCloseOnExec, ipprotoRaw)),
      call('socket', socket(addressFamily.inet6, rawCloseOnExec, ipprotoRaw)),
    ]) as [number, number];
  }

  /** Sends one packet, `times` over; it has left the host when this returns. Throws SystemCallFailed. */
  send(packet: Packet, times = 1): void {
    const bytes = encodePacket(packet);
    const v4 = familyOf(packet.to.address) === 4;
    // A raw socket takes no port.
    const to = socketAddress({ address: packet.to.address, port: 0 });
    for (let i = 0; i < times; i++)
      call('sendto', sendto(v4 ? this.#fd4 : this.#fd6, bytes, bytes.length, 0, to, to.length));
  }

  [Symbol.dispose](): void {
    close(this.#fd4);
    close(this.#fd6);
  }
}
