import { chmod, unlink } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { admit } from '@sluice/admission';
import { systemClock } from '@sluice/io';

/** Serves plain HTTP to this device alone. */
export interface LocalServer extends AsyncDisposable {
  readonly port?: number;
}

/** Whoever does not say what it wants has so long. */
const timeouts = { requestTimeout: 10_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 };

/** Serves on a port of 127.0.0.1; 0 takes a free one. */
export async function serveOnLoopback(port: number, listener: RequestListener): Promise<LocalServer> {
  const server = createServer(timeouts, listener);
  admit(server, { clock: systemClock });
  await listen(server, { host: '127.0.0.1', port });
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => close(server) };
}

/** Serves on a Unix socket, for this user alone unless `mode` says otherwise. Takes the place of one that nobody serves any more. */
export async function serveOnSocket(path: string, listener: RequestListener, mode = 0o600): Promise<LocalServer> {
  if (!(await isServed(path))) await unlink(path).catch(() => {});
  const server = createServer(timeouts, listener);
  await listen(server, { path });
  await chmod(path, mode);
  return { [Symbol.asyncDispose]: () => close(server) };
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
