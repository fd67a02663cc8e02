import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Endpoint, type Family, type Port, parseIpAddress } from '@sluice/model';
import { PortTaken } from './udp-port.ts';

/** What becomes of a TCP stream's bytes. */
export interface TcpTaker {
  /** Connections from anyone else, which were refused. */
  stray(): void;
  bytes(chunk: Uint8Array): void;
  /** The far end is through, or the connection broke. */
  end(): void;
}

/** One TCP port of this device, for one stream. */
export interface TcpPort extends AsyncDisposable {
  readonly port: Port;
  /** Takes one connection from `remote` alone; all others are shut. */
  accept(remote: Endpoint, take: TcpTaker): void;
  /** Connects from this very port instead. Throws when that fails. */
  connect(remote: Endpoint, take: TcpTaker, signal: AbortSignal): Promise<void>;
}

/** Listens at once, so that the port is this stream's before anyone is told of it. Throws {@link PortTaken}. */
export async function openTcpPort(family: Family, wanted: number): Promise<TcpPort> {
  let take: ((socket: Socket) => void) | undefined;
  const early: Socket[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (socket) => {
    keep(socket);
    if (take) take(socket);
    else early.push(socket);
  });
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? new PortTaken(`TCP port ${wanted}`) : error),
    );
    server.listen({ host: family === 4 ? '0.0.0.0' : '::', port: wanted, ipv6Only: family === 6 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const stopListening = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    port,
    accept(remote, taker) {
      let taken = false;
      take = (socket) => {
        if (
          taken ||
          parseIpAddress(socket.remoteAddress ?? '') !== remote.address ||
          socket.remotePort !== remote.port
        ) {
          socket.destroy();
          return taker.stray();
        }
        // Who connects and is gone without a word was trying the way, and is not who sends.
        speaks(socket, () => {
          if (taken) return socket.destroy();
          taken = true;
          hand(socket, taker);
        });
      };
      for (const socket of early.splice(0)) take(socket);
    },
    async connect(remote, taker, signal) {
      // One port cannot both listen and connect. Should another program take it in between, the connection fails.
      await stopListening();
      signal.throwIfAborted();
      const socket = connect({ host: remote.address, port: remote.port, localPort: port, noDelay: true });
      keep(socket);
      const abort = () => socket.destroy(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        await new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve);
          socket.once('error', reject);
          socket.once('close', () => reject(signal.reason ?? new Error('closed')));
        });
      } finally {
        signal.removeEventListener('abort', abort);
      }
      hand(socket, taker);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await stopListening();
    },
  };
}

/** Tells that something came, or that the far end is through in order; a connection that is reset tells nothing. */
function speaks(socket: Socket, tell: () => void): void {
  socket.once('readable', () => {
    if (!socket.destroyed) tell();
  });
}

function hand(socket: Socket, taker: TcpTaker): void {
  socket.on('data', (chunk) => taker.bytes(chunk));
  socket.once('close', () => taker.end());
  socket.on('end', () => socket.end());
}
