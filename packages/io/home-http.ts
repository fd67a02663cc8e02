import { request as sendRequest } from 'node:http';
import { connect } from 'node:net';
import { formatEndpoint, type IpAddress, isPort, type Port, parseIpAddress } from '@sluice/model';

/** One exchange with a device of the home. */
export interface HomeHttpRequest {
  readonly method: 'GET' | 'POST';
  /** Never a name: nothing is looked up. */
  readonly address: IpAddress;
  readonly port: Port;
  /** Path and query. */
  readonly path: string;
  /** The interface towards it; a link-local address means nothing without. */
  readonly interface?: string;
  /** Our own address to ask from: some devices do for it alone what is asked. */
  readonly from?: IpAddress;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest body that is taken, octets. */
  readonly mostBytes: number;
}

/**
 * What came of it. `not-sent`: no connection, so nothing was asked. `lost`: it was asked, and no whole answer came, or
 * one that is too long.
 */
export type HomeHttpReply =
  | { readonly kind: 'answer'; readonly status: number; readonly server: string; readonly body: Uint8Array }
  | { readonly kind: 'not-sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

/** Longest that a device may take, milliseconds: to take the connection, and for everything. */
const connectMs = 3_000;
const exchangeMs = 10_000;

/**
 * Plain HTTP to one address, one connection an exchange, no redirects followed, headers read as devices write them.
 * Never throws.
 */
export function askDevice(request: HomeHttpRequest, signal: AbortSignal): Promise<HomeHttpReply> {
  const { method, address, port, path, from, headers = {}, body = '', mostBytes } = request;
  const scope = request.interface !== undefined && /^fe[89ab]/.test(address) ? `%${request.interface}` : '';
  if (!parseIpAddress(address) || !isPort(port) || !/^\/[!-~]*$/.test(path))
    return Promise.resolve({ kind: 'not-sent', reason: `${address} port ${port} ${path} is no place to ask` });
  if (signal.aborted) return Promise.resolve({ kind: 'not-sent', reason: reasonOf(signal.reason) });
  return new Promise((resolve) => {
    let connected = false;
    let settled = false;
    const settle = (reply: HomeHttpReply) => {
      // After a reply came, what else is wrong with the connection does not matter.
      if (settled) return;
      settled = true;
      clearTimeout(connecting);
      clearTimeout(exchanging);
      signal.removeEventListener('abort', aborted);
      exchange.destroy();
      resolve(reply);
    };
    const failed = (error: unknown) => settle({ kind: connected ? 'lost' : 'not-sent', reason: reasonOf(error) });
    const aborted = () => failed(signal.reason);
    const exchange = sendRequest({
      method,
      path,
      // Without an agent: one costs as much as the exchange, and there is nothing for it to keep.
      createConnection: () =>
        connect({
          host: `${address}${scope}`,
          port,
          noDelay: true,
          ...(from !== undefined && { localAddress: from }),
        }),
      headers: {
        ...headers,
        Host: formatEndpoint({ address, port }),
        Connection: 'close',
        ...(method === 'POST' && { 'Content-Length': Buffer.byteLength(body) }),
      },
      insecureHTTPParser: true,
      maxHeaderSize: 16_384,
    });
    // Not AbortSignal.timeout and any: they cost as much as the rest of an exchange.
    const connecting = setTimeout(() => failed(new Error('no connection in time')), connectMs);
    const exchanging = setTimeout(() => failed(new Error('no answer in time')), exchangeMs);
    signal.addEventListener('abort', aborted, { once: true });
    exchange.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
        clearTimeout(connecting);
      }),
    );
    exchange.on('error', failed);
    exchange.on('response', (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (piece: Buffer) => {
        length += piece.length;
        pieces.push(piece);
        if (length > mostBytes) failed(new Error(`an answer of more than ${mostBytes} octets`));
      });
      response.on('error', failed);
      response.on('end', () =>
        settle({
          kind: 'answer',
          status: response.statusCode ?? 0,
          server: String(response.headers.server ?? '').slice(0, 256),
          body: Buffer.concat(pieces),
        }),
      );
    });
    exchange.end(method === 'POST' ? body : undefined);
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
