import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { refuse } from '@sluice/model';
import type { FastifyInstance } from 'fastify';

/** Where and how tightly to serve. */
export interface ServeOptions {
  /** `::` serves IPv4 too. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: ServerOptions;
  /** Longest time for a request to arrive. */
  readonly requestMs: number;
  readonly headerBytes: number;
}

/** Serves an API over TLS; what is no HTTP is answered with a problem too. Rejects when the port cannot be taken. */
export function serveHttps(
  app: FastifyInstance,
  { host, port, tls, requestMs, headerBytes }: ServeOptions,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(
    {
      ...tls,
      handshakeTimeout: requestMs,
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      connectionsCheckingInterval: Math.min(requestMs, 1_000),
      keepAliveTimeout: 65_000,
      maxHeaderSize: headerBytes,
      noDelay: true,
    },
    (request, reply) => app.routing(request, reply),
  );
  server.on('clientError', (error: Error & { code?: string }, socket) => answerUnreadable(error, socket as Socket));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve({
        port: (server.address() as AddressInfo).port,
        [Symbol.asyncDispose]: () =>
          new Promise<void>((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, refusal] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? (['431 Request Header Fields Too Large', refuse('too-large', 'the headers are too large')] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['408 Request Timeout', refuse('timeout', 'the request took too long to arrive')] as const)
        : (['400 Bad Request', refuse('malformed', 'this is no HTTP request')] as const);
  const body = JSON.stringify(refusal);
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
