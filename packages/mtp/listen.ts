import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { type AdmissionLimits, admit } from '@sluice/admission';
import { parseIpAddress } from '@sluice/model';
import { WebSocketServer } from 'ws';
import { closeCode, type UspConnection } from './connection.ts';
import { closeTimeoutMs, type Settled, settle, subprotocol, type WebSocketOptions } from './options.ts';
import { retire } from './retire.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

/** Where and to whom to listen. */
export interface ListenOptions extends WebSocketOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Path of the resource, "/usp". */
  readonly path: string;
  /** Must ask for and verify client certificates (`serverTls` of @sluice/identity does). */
  readonly tls: TlsOptions;
  /** Called with the server before it listens, as `Membership.secure` of @sluice/identity wants to be. */
  readonly secure?: (server: Server) => void;
  /** Whether that endpoint may connect. Default: whoever has a verified certificate. */
  readonly accept?: (peer: string) => boolean;
  /** Most WebSockets at once; one more is answered 503, unless it takes the place of its peer's own. Default no limit. */
  readonly maxConnections?: number;
  /** Other room than `defaultLimits` of @sluice/admission for those who have not proved who they are. */
  readonly room?: Partial<AdmissionLimits>;
  readonly onConnection: (connection: UspConnection) => void;
}

/** Connections that the kernel keeps until they are taken. */
const backlog = 4_096;

/** A listening WebSocket server. */
export interface Listening {
  readonly port: number;
  /** Resolves when the server and all its connections are closed. */
  readonly closed: Promise<void>;
}

/**
 * Listens for USP WebSockets over mutual TLS until the signal aborts. Of two connections of one peer the newer wins;
 * the older may finish what is under way on it, and ends with 1008 (R-WS.4). Rejects when the address cannot be bound.
 */
export async function listenWebSocket(options: ListenOptions, signal: AbortSignal): Promise<Listening> {
  signal.throwIfAborted();
  const settled = settle(options);
  const current = new Map<string, UspConnection>();
  const leaving = new Map<string, UspConnection>();
  const all = new Set<UspConnection>();
  const upgrader = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: settled.maxRecordBytes,
    clientTracking: false,
    handleProtocols: () => subprotocol,
    closeTimeout: closeTimeoutMs,
  } as ConstructorParameters<typeof WebSocketServer>[0]);
  const server = createServer(
    {
      ...options.tls,
      handshakeTimeout: settled.handshakeMs,
      headersTimeout: settled.handshakeMs,
      requestTimeout: settled.handshakeMs,
      connectionsCheckingInterval: Math.min(settled.handshakeMs, 1_000),
    },
    (_, response) => response.writeHead(426, { connection: 'close' }).end(),
  );
  options.secure?.(server);
  const admission = admit(server, { clock: settled.clock, limits: options.room });
  server.on('tlsClientError', (error) => settled.log.debug({ error: error.message }, 'TLS handshake failed'));

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Without a listener, a peer that resets during the upgrade would be an uncaught error.
    socket.on('error', () => socket.destroy());
    const peer = settled.identify(socket as TLSSocket);
    const isFull = all.size >= (options.maxConnections ?? Number.POSITIVE_INFINITY) && !current.has(peer ?? '');
    const refusal = judgeUpgrade(request, peer, options) ?? (isFull ? '503 Service Unavailable' : undefined);
    if (refusal || peer === undefined) {
      settled.log.warn({ peer, refusal }, 'websocket refused');
      socket.end(`HTTP/1.1 ${refusal ?? '403 Forbidden'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    admission.settle(socket as TLSSocket);
    upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      const from = parseIpAddress((socket as TLSSocket).remoteAddress ?? '');
      const connection = new WebSocketConnection(webSocket, peer, settled, from);
      all.add(connection);
      void connection.closed.then(() => all.delete(connection));
      register(current, leaving, connection, settled);
      options.onConnection(connection);
    });
  });

  await bind(server, options.host, options.port);
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const stop = (): void => {
    for (const connection of all) connection.close(closeCode.goingAway, 'shutting down');
    server.close();
    server.closeAllConnections();
    admission.turnOutAll();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return { port: (server.address() as AddressInfo).port, closed };
}

/** The status line for an upgrade that may not be; undefined where it may. */
function judgeUpgrade(request: IncomingMessage, peer: string | undefined, options: ListenOptions): string | undefined {
  if (peer === undefined || options.accept?.(peer) === false) return '403 Forbidden';
  const url = URL.canParse(request.url ?? '', 'wss://x') ? new URL(request.url ?? '', 'wss://x') : undefined;
  if (url?.pathname !== options.path) return '404 Not Found';
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(subprotocol)) return '400 Bad Request';
  // The certificate is the proof; an eid that says otherwise is a mistake worth telling (R-WS.10b).
  const claimed = url.searchParams.get('eid');
  return claimed !== null && claimed !== peer ? '403 Forbidden' : undefined;
}

/** One peer has one connection, and one that leaves: a third ends that at once. */
function register(
  current: Map<string, UspConnection>,
  leaving: Map<string, UspConnection>,
  connection: UspConnection,
  { clock, log }: Settled,
): void {
  const { peer } = connection;
  const older = current.get(peer);
  current.set(peer, connection);
  if (older) {
    log.info({ peer }, 'a newer connection replaces the older');
    leaving.get(peer)?.close(closeCode.policy, 'replaced by a newer connection');
    leaving.set(peer, older);
    void older.closed.then(() => {
      if (leaving.get(peer) === older) leaving.delete(peer);
    });
    retire(older, clock);
  }
  void connection.closed.then(() => {
    if (current.get(peer) === connection) current.delete(peer);
  });
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
