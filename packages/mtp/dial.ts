import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { UspConnection } from './connection.ts';
import { closeTimeoutMs, settle, subprotocol, type WebSocketOptions } from './options.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

/** Whom to dial. */
export interface DialOptions extends WebSocketOptions {
  /** "wss://host:port/path"; nothing else is dialled. */
  readonly url: string;
  /** Our certificate and whom we trust (`clientTls` of @sluice/identity). */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string; readonly minVersion: 'TLSv1.3' };
  /**
   * Who must answer. With it, the certificate's endpoint id counts and not its host names (R-MTP.4); without it the
   * host name of the URL must be in the certificate.
   */
  readonly expectedPeer?: string;
}

/** Why there is no connection. */
export class DialError extends Error {
  override readonly name = 'DialError';
  /** `unreachable`: try later. `untrusted`: the peer is not who it should be. `refused`: it answered, but not with USP. */
  readonly kind: 'unreachable' | 'untrusted' | 'refused';
  constructor(kind: DialError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Dials a USP WebSocket over mutual TLS. Rejects with a {@link DialError}, or with the signal's reason when aborted;
 * once open, the connection outlives the signal.
 */
export function dialWebSocket(options: DialOptions, signal: AbortSignal): Promise<UspConnection> {
  const settled = settle(options);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    if (!/^wss:\/\//i.test(options.url) || !URL.canParse(options.url)) {
      return reject(new DialError('refused', `not a wss URL: ${options.url}`));
    }
    const url = new URL(options.url);
    url.searchParams.set('eid', settled.endpointId);
    const socket = new WebSocket(url, [subprotocol], {
      ...options.tls,
      rejectUnauthorized: true,
      perMessageDeflate: false,
      maxPayload: settled.maxRecordBytes,
      handshakeTimeout: settled.handshakeMs,
      closeTimeout: closeTimeoutMs,
      ...(options.expectedPeer === undefined ? {} : { checkServerIdentity: () => undefined }),
    } as ConstructorParameters<typeof WebSocket>[2]);

    let peer: string | undefined;
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', abort);
      // After this the socket reports the end of its own handshake, which nobody waits for.
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.terminate();
      reject(error);
    };
    const abort = (): void => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });

    socket.on('upgrade', (response) => {
      peer = settled.identify(response.socket as TLSSocket);
      // Agents of older releases answer with this though it was not offered (R-WS.11c); ws would hang up on them.
      if (/^bbf-usp-protocol\b[^,]*$/.test(response.headers['sec-websocket-extensions'] ?? '')) {
        delete response.headers['sec-websocket-extensions'];
      }
    });
    socket.on('unexpected-response', (_, response) => {
      fail(new DialError('refused', `${options.url} answered ${response.statusCode} ${response.statusMessage}`));
    });
    socket.on('error', (error) => fail(dialError(error)));
    socket.on('open', () => {
      if (peer === undefined || (options.expectedPeer !== undefined && peer !== options.expectedPeer)) {
        const wanted = options.expectedPeer ?? 'a USP endpoint';
        fail(new DialError('untrusted', `${options.url} is ${peer ?? 'no USP endpoint'}, not ${wanted}`));
        return;
      }
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners();
      resolve(new WebSocketConnection(socket, peer, settled));
    });
  });
}

/** Certificate errors of Node's TLS have codes of their own; a server's alert about ours is a TLS alert. */
const untrustedCodes =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|INVALID_CA|HOSTNAME_MISMATCH|ERR_SSL_.*(?:CERT|UNKNOWN_CA))/;

function dialError(error: Error & { code?: string }): DialError {
  if (error.code !== undefined && untrustedCodes.test(error.code)) return new DialError('untrusted', error.message);
  const refused = /subprotocol|Sec-WebSocket|Upgrade header/i.test(error.message);
  return new DialError(refused ? 'refused' : 'unreachable', error.message || String(error.code));
}
