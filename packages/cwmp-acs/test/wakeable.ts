import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildDigestChallenge, digestResponse, parseDigestCredentials } from '@sluice/wire/http-auth';

/** How a device takes connection requests. */
export interface WakeableOptions {
  readonly login?: { readonly username: string; readonly password: string };
  /** Closes the connection after each answer: each step of Digest comes on a new one. `silently`: without saying so. */
  readonly hangsUp?: boolean | 'silently';
  /** Answers this instead. */
  readonly answer?: { readonly status: number; readonly headers?: Record<string, string> };
  readonly onWake?: () => void;
  /** Busy with a session: answered 503. */
  readonly isBusy?: () => boolean;
  /** Where it listens; a free port of loopback where left out. */
  readonly at?: { readonly host: string; readonly port: number };
}

/** A device's port for connection requests. */
export interface Wakeable extends AsyncDisposable {
  readonly url: string;
  /** What came: the Authorization header of each request. */
  readonly asked: readonly (string | undefined)[];
  readonly connections: number;
}

/** Opens one on loopback. */
export async function wakeable(options: WakeableOptions): Promise<Wakeable> {
  const asked: (string | undefined)[] = [];
  const nonce = randomBytes(8).toString('hex');
  let connections = 0;
  const isRight = (request: IncomingMessage): boolean => {
    const { login } = options;
    if (!login) return true;
    const said = parseDigestCredentials(request.headers.authorization ?? '');
    if (said?.nonce !== nonce || said.username !== login.username || said.uri !== request.url) return false;
    return said.response === digestResponse(said, 'GET', login.password);
  };
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    if (options.hangsUp === true) response.setHeader('connection', 'close');
    if (options.hangsUp === 'silently') response.once('finish', () => request.socket.destroySoon());
    const { answer } = options;
    if (answer) return void response.writeHead(answer.status, answer.headers ?? {}).end('x'.repeat(100));
    if (options.isBusy?.()) return void response.writeHead(503).end();
    if (!isRight(request)) {
      const challenge = buildDigestChallenge({ realm: 'gw', nonce, algorithm: 'MD5', qop: true });
      return void response.writeHead(401, { 'www-authenticate': challenge }).end('<html>who are you</html>');
    }
    response.writeHead(200).end();
    options.onWake?.();
  });
  server.on('connection', () => {
    connections++;
  });
  const { host, port } = options.at ?? { host: '127.0.0.1', port: 0 };
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/a1b2`,
    asked,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
