import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Endpoint, familyOf, formatEndpoint, type IpAddress, type Port, parseIpAddress } from '@sluice/model';
import type { ByteConnection, ConnectionPort } from '../sending/ports.ts';
import { socketConnection } from './socket-connection.ts';
import { Turns } from './turns.ts';

/** A TCP port that may connect and be connected to. */
export interface OpenConnectionPort extends ConnectionPort, AsyncDisposable {}

/**
 * A TCP port of ours; 0 takes a free one. Linux lets any number of sockets connect from one port to different places, and
 * lets one socket listen on it beside connections that exist, but no socket may bind to it while another listens. So the
 * port listens only while somebody is expected, and connecting and listening take turns; a turn to connect is over as
 * soon as the socket is bound.
 */
export async function openTcpPort(address: IpAddress, wanted: Port | 0): Promise<OpenConnectionPort> {
  const local: Endpoint = { address, port: await probe(address, wanted) };
  const turns = new Turns<'dial' | 'listen'>();
  const sockets = new Set<Socket>();
  const expected = new Map<string, (socket: Socket) => void>();
  let server: Promise<Server> | undefined;
  let closed: Promise<unknown> = Promise.resolve();

  function keep(socket: Socket): ByteConnection {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socketConnection(socket);
  }

  function welcome(socket: Socket): void {
    const remote = parseIpAddress(socket.remoteAddress ?? '');
    const key = remote && formatEndpoint({ address: remote, port: socket.remotePort ?? 0 });
    const take = key === undefined ? undefined : expected.get(key);
    if (take) take(socket);
    else socket.resetAndDestroy();
  }

  /** Closing frees the port at once, and leaves the connections. */
  function unlisten(): void {
    closed = Promise.resolve(server).then(
      (listening) => listening?.close(),
      () => {},
    );
    server = undefined;
  }

  return {
    local,

    async dial(to, signal) {
      const release = await turns.take('dial', signal);
      const socket = connect({
        host: to.address,
        port: to.port,
        family: familyOf(to.address),
        localAddress: local.address,
        localPort: local.port,
        autoSelectFamily: false,
        noDelay: true,
      });
      // Emitted when the socket is bound and its SYN is about to leave.
      socket.once('connectionAttempt', release);
      const stop = () => socket.destroy(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      try {
        await new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve);
          socket.once('error', reject);
        });
        return keep(socket);
      } catch (error) {
        throw sayWhere(error, to);
      } finally {
        signal.removeEventListener('abort', stop);
        release();
      }
    },

    async expect(from, signal) {
      const release = await turns.take('listen', signal);
      const key = formatEndpoint(from);
      const { promise, resolve, reject } = Promise.withResolvers<Socket>();
      const stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      expected.set(key, resolve);
      const settled = promise.finally(async () => {
        signal.removeEventListener('abort', stop);
        if (expected.get(key) === resolve) expected.delete(key);
        if (expected.size === 0) unlisten();
        await closed;
        release();
      });
      settled.catch(() => {});
      try {
        server ??= closed.then(() => listen(local, welcome));
        await server;
      } catch (error) {
        reject(error);
        throw error;
      }
      return { connection: settled.then(keep) };
    },

    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      unlisten();
      await closed;
    },
  };
}

/** Whether the port can be had, found out by having it for a moment. */
async function probe(address: IpAddress, port: Port | 0): Promise<Port> {
  const server = await listen({ address, port }, (socket) => socket.destroy());
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof bound === 'object' && bound ? bound.port : port;
}

function listen(local: Endpoint, welcome: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, welcome);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: local.address, port: local.port, ipv6Only: familyOf(local.address) === 6 }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve(server);
    });
  });
}

function sayWhere(error: unknown, to: Endpoint): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRNOTAVAIL' || code === 'EADDRINUSE') {
    return new Error(
      `a connection to ${formatEndpoint(to)} from this port ended less than a minute ago; ask again later`,
    );
  }
  return error;
}
