import { createSocket, type Socket } from 'node:dgram';
import { type Endpoint, type Family, type Port, parseIpAddress } from '@sluice/model';

/** One UDP port of this device. */
export interface UdpPort extends AsyncDisposable {
  readonly port: Port;
  /** Whoever sent it; called for each datagram from now on. `bytes` may be kept. */
  receive(take: (bytes: Uint8Array, from: Endpoint) => void): void;
  /** Leaves from this very port, so that a gateway finds the opening it belongs to. What cannot be sent is lost. */
  send(bytes: Uint8Array, to: Endpoint): void;
}

/** The port that was asked for is taken, or none is free. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

// A film's key frame comes in one burst; what finds no room here is lost. The kernel gives what it may.
const receiveBuffer = 4 * 1024 * 1024;

/** Tells the datagrams that are for somebody else than who receives on the port. */
export interface Aside {
  /** Whether it was. */
  take(port: Port, bytes: Uint8Array, from: Endpoint): boolean;
}

/** Opens a UDP port on every address of this device; port 0 takes a free one. Throws {@link PortTaken}. */
export async function openUdpPort(family: Family, wanted: number, aside?: Aside): Promise<UdpPort> {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    // Only addresses are sent to. Without a look-up a datagram leaves at once, a goodbye before its port is closed.
    lookup: (host, _, found) => found(null, host, family),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? new PortTaken(`UDP port ${wanted}`) : error);
    });
    socket.bind(wanted, resolve);
  });
  socket.removeAllListeners('error');
  // An ICMP error about one datagram says nothing about those to come.
  socket.on('error', () => {});
  socket.setRecvBufferSize(receiveBuffer);
  return wrap(socket, aside);
}

/** Opens an even port and the next (RFC 3550 11). Throws {@link PortTaken} when no pair is found. */
export async function openUdpPair(family: Family, aside?: Aside): Promise<readonly [UdpPort, UdpPort]> {
  for (let attempt = 0; attempt < 32; attempt++) {
    const first = await openUdpPort(family, 0, aside);
    const isEven = first.port % 2 === 0;
    try {
      const second = await openUdpPort(family, isEven ? first.port + 1 : first.port - 1, aside);
      return isEven ? [first, second] : [second, first];
    } catch (error) {
      await first[Symbol.asyncDispose]();
      if (!(error instanceof PortTaken)) throw error;
    }
  }
  throw new PortTaken('an even UDP port and the next');
}

function wrap(socket: Socket, aside: Aside | undefined): UdpPort {
  let closed = false;
  const { port } = socket.address();
  return {
    port,
    receive(take) {
      socket.on('message', (bytes, from) => {
        const address = parseIpAddress(from.address);
        if (address === undefined || aside?.take(port, bytes, { address, port: from.port })) return;
        take(bytes, { address, port: from.port });
      });
    },
    send(bytes, to) {
      if (!closed) socket.send(bytes, to.port, to.address, () => {});
    },
    [Symbol.asyncDispose]() {
      if (closed) return Promise.resolve();
      closed = true;
      return new Promise((resolve) => socket.close(resolve));
    },
  };
}
