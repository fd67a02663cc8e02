import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type Admission, admit } from '@sluice/admission';
import type { Acs } from './acs.ts';
import { FrontDesk } from './front-desk.ts';

/** Where devices reach the ACS. */
export interface ListenOptions {
  /** Addresses to serve on, all on one port; `::` serves IPv4 too. */
  readonly hosts: readonly string[];
  /** 0 takes a free one; 7547 is usual. */
  readonly port: number;
  /**
   * Certificate and key; left out, HTTP without TLS. With `ca`, devices may prove who they are with a certificate of
   * those authorities.
   */
  readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'minVersion'>;
  /** Most connections of devices that have not proved who they are, on each address: one more takes the place of whichever is worth least. Default 4,096. */
  readonly connections?: number;
  /** Longest time for a request to arrive. */
  readonly requestMs?: number;
}

/** An ACS being served. Disposing closes every connection. */
export interface AcsListening extends AsyncDisposable {
  readonly port: number;
}

/** Longer than a device stays silent between two steps. */
const keepAliveMs = 60_000;
/** Connections that the kernel keeps until they are taken. */
const backlog = 4_096;
/**
 * Most connections of one address on which nobody has proved yet who he is. Behind a carrier's translation many devices
 * share one, and most prove themselves by a password, when the connection is there already.
 */
const connectionsOfOne = 256;

/** Serves an ACS. Rejects when the port cannot be taken. */
export async function listenCwmp(acs: Acs, options: ListenOptions): Promise<AcsListening> {
  await using started = new AsyncDisposableStack();
  let { port } = options;
  for (const host of options.hosts) {
    // Who has proved himself takes no room from those who have not.
    const desk = new FrontDesk(acs, (socket) => admission.settle(socket));
    const server = serverFor(desk, options);
    const { connections = 4_096 } = options;
    const limits = { unproven: connections, unprovenOfOne: Math.min(connections, connectionsOfOne) };
    const admission: Admission = admit(server, { clock: acs.options.clock, limits });
    port = await bind(server, host, port);
    started.defer(() => {
      const closed = close(server);
      admission.turnOutAll();
      return closed;
    });
  }
  const serving = started.move();
  return { port, [Symbol.asyncDispose]: () => serving.disposeAsync() };
}

function serverFor(desk: FrontDesk, { tls, requestMs = 30_000 }: ListenOptions): Server {
  const settings = {
    requestTimeout: requestMs,
    headersTimeout: Math.min(requestMs, 10_000),
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: 8_192,
    noDelay: true,
  };
  const server = tls
    ? createTlsServer({
        ...settings,
        ...tls,
        // TLS 1.2 is what most devices have (TR-069 3.3).
        minVersion: tls.minVersion ?? 'TLSv1.2',
        handshakeTimeout: 10_000,
        requestCert: tls.ca !== undefined,
        rejectUnauthorized: false,
      })
    : createServer(settings);
  server.on('request', (request, response) => void desk.serve(request, response));
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog, ipv6Only: false }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}
