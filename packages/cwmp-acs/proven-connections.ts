import type { Socket } from 'node:net';

/** Connections that one device may have at once, once it has proved on each that it is the one. */
const mostOfOne = 4;

/** The connections on which devices have proved who they are: a device that goes on connecting loses its oldest. */
export class ProvenConnections {
  readonly #settle: (socket: Socket) => void;
  readonly #ofDevice = new Map<string, Set<Socket>>();

  constructor(settle: (socket: Socket) => void) {
    this.#settle = settle;
  }

  add(gatewayId: string, socket: Socket): void {
    const sockets = this.#ofDevice.get(gatewayId) ?? new Set<Socket>();
    this.#ofDevice.set(gatewayId, sockets);
    if (sockets.has(socket)) return;
    sockets.add(socket);
    this.#settle(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#ofDevice.get(gatewayId) === sockets) this.#ofDevice.delete(gatewayId);
    });
    const [oldest] = sockets;
    if (sockets.size > mostOfOne) oldest?.destroy();
  }
}
