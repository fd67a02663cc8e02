import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type AdmissionLimits, admit } from '@sluice/admission';
import { type Refusal, refuse } from '@sluice/model';
import { systemClock } from './clock.ts';
import type { ConnectionEndsReader } from './connection-ends.ts';
import { type InProcessDoor, inProcessConnection } from './in-process.ts';

/** Where and how tightly to serve. */
export interface ServeOptions {
  /** Addresses to serve on, all on one port; `::` serves IPv4 too. */
  readonly hosts: readonly string[];
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: ServerOptions;
  /** Called with each server before it listens, as `Membership.secure` of @sluice/identity wants to be. */
  readonly secure?: (server: Server) => void;
  /** Longest time for a handshake, and for a request to arrive; default 10 s. */
  readonly requestMs?: number;
  /** Other room than `defaultLimits` of @sluice/admission for those who have not proved who they are. */
  readonly room?: Partial<AdmissionLimits>;
  /** Takes off the headers of proxies in front. */
  readonly ends?: ConnectionEndsReader;
  /** Most octets of headers; default 16 KiB. */
  readonly headerBytes?: number;
}

/** HTTPS being served. Disposing closes every connection. */
export interface HttpsServer extends AsyncDisposable {
  readonly port: number;
  /** How other parts of this process reach it, without a network. */
  readonly door: InProcessDoor;
}

/** Who asks again a little later finds the connection, and its flow through a gateway, still there. */
const keepAliveMs = 75_000;
/** A connection on which nothing moves for so long, either way, is gone. */
const silenceMs = 120_000;
/** Connections that the kernel keeps until they are taken; what does not fit waits a second for its next attempt. */
const backlog = 4_096;

/** Serves over TLS; what is no HTTP is answered with a problem too. Rejects when the port cannot be taken. */
export async function serveHttps(listener: RequestListener, options: ServeOptions): Promise<HttpsServer> {
  await using started = new AsyncDisposableStack();
  let { port } = options;
  let first: HttpsServer | undefined;
  for (const host of options.hosts) {
    const server = started.use(await serveOn(listener, host, port, options));
    port = server.port;
    first ??= server;
  }
  if (!first) throw new RangeError('nothing is served on no address');
  const { door } = first;
  const serving = started.move();
  return { port, door, [Symbol.asyncDispose]: () => serving.disposeAsync() };
}

function serveOn(
  listener: RequestListener,
  host: string,
  port: number,
  { tls, secure, room, ends, requestMs = 10_000, headerBytes = 16_384 }: ServeOptions,
): Promise<HttpsServer> {
  const server = createServer(
    {
      ...tls,
      handshakeTimeout: requestMs,
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      connectionsCheckingInterval: Math.min(requestMs, 1_000),
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: headerBytes,
      noDelay: true,
    },
    listener,
  );
  // Whoever does not take its answer is cut off; what goes on for long says something now and then.
  server.setTimeout(silenceMs);
  secure?.(server);
  const addressOf = (socket: Socket) => ends?.of(socket)?.remote.address ?? socket.remoteAddress;
  const admission = admit(server, { clock: systemClock, limits: room, addressOf });
  ends?.guard(server);
  server.on('clientError', (error: Error & { code?: string }, socket) => answerUnreadable(error, socket as Socket));
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
      admission.turnOutAll();
    });
  const door: InProcessDoor = (certificatePem) => {
    const pair = inProcessConnection(certificatePem, String(tls.cert));
    // From here on it is to the server what a connection is whose handshake is over.
    server.emit('secureConnection', pair.server);
    return pair.client;
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog, ipv6Only: false }, () => {
      server.off('error', reject);
      resolve({ port: (server.address() as AddressInfo).port, door, [Symbol.asyncDispose]: close });
    });
  });
}

function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // Only a parser of HTTP speaks here of somebody who could be answered; before the end of a handshake nobody can be.
  const isHttp = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code?.startsWith('HPE_');
  if (!socket.writable || !isHttp) {
    socket.destroy();
    return;
  }
  const [status, refusal] = whyUnreadable(error.code);
  const body = JSON.stringify(refusal);
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function whyUnreadable(code: string | undefined): readonly [string, Refusal] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['431 Request Header Fields Too Large', refuse('too-large', 'the headers are too large')];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return ['408 Request Timeout', refuse('timeout', 'the request took too long to arrive')];
  return ['400 Bad Request', refuse('malformed', 'this is no HTTP request')];
}
