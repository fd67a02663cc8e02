import type { Server, Socket } from 'node:net';
import { type Endpoint, type IpAddress, type Prefix, parseIpAddress, prefixContains } from '@sluice/model';
import { mostProxyHeaderBytes, type ProxyHeader, readProxyHeader } from '@sluice/wire/proxy-protocol';

/** The two ends of a connection that was taken. */
export interface ConnectionEnds {
  /** Where it reached us. */
  readonly local: Endpoint;
  /** Where it came from. */
  readonly remote: Endpoint;
  /** A named proxy handed it on, and told both. */
  readonly proxied: boolean;
}

/** Longest time for a proxy's header, ms. */
const headerMs = 5_000;

/**
 * Tells the ends of connections, also of those that named proxies hand on. A connection from the address of a proxy
 * begins with a PROXY header (PROXY protocol 1 or 2); nobody else's word counts.
 */
export class ConnectionEndsReader {
  readonly #proxies: readonly Prefix[];
  /** By the proxy's own end of the connection, which no other connection has while it lives. */
  readonly #told = new Map<string, Omit<ConnectionEnds, 'proxied'>>();

  /** `proxies`: addresses whose connections begin with a header. */
  constructor(proxies: readonly Prefix[] = []) {
    this.#proxies = proxies;
  }

  /** Ends of a connection, of TLS or bare; undefined once it is closed. */
  of(socket: Socket): ConnectionEnds | undefined {
    const told = this.#told.get(nameOf(socket));
    if (told) return { ...told, proxied: true };
    const local = endpoint(socket.localAddress, socket.localPort);
    const remote = endpoint(socket.remoteAddress, socket.remotePort);
    return local && remote && { local, remote, proxied: false };
  }

  /** Takes headers off before anybody who listens to the server's connections has them. To be called before it serves. */
  guard(server: Server): void {
    if (this.#proxies.length === 0) return;
    const takers = server.listeners('connection') as ((socket: Socket) => void)[];
    const handOn = (socket: Socket) => {
      for (const taker of takers) taker.call(server, socket);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      if (this.#isProxy(socket)) this.#takeHeader(socket, handOn);
      else handOn(socket);
    });
  }

  #isProxy({ remoteAddress = '' }: Socket): boolean {
    const address = parseIpAddress(remoteAddress);
    return address !== undefined && this.#proxies.some((prefix) => prefixContains(prefix, address));
  }

  #takeHeader(socket: Socket, handOn: (socket: Socket) => void): void {
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(), headerMs);
    const stop = () => {
      clearTimeout(timer);
      socket.off('data', take);
    };
    const take = (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      const header = read(bytes);
      if (header === undefined && bytes.length < mostProxyHeaderBytes) return;
      stop();
      socket.pause();
      if (!header || header === 'malformed' || !this.#tell(socket, header)) return void socket.destroy();
      socket.unshift(bytes.subarray(header.length));
      handOn(socket);
    };
    socket.once('close', stop);
    socket.on('error', () => socket.destroy());
    socket.on('data', take);
  }

  #tell(socket: Socket, { ends }: ProxyHeader): boolean {
    // The proxy's own connection, to see whether we are well.
    if (!ends) return true;
    const local = endpoint(ends.to.address, ends.to.port);
    const remote = endpoint(ends.from.address, ends.from.port);
    if (!local || !remote) return false;
    const name = nameOf(socket);
    this.#told.set(name, { local, remote });
    socket.once('close', () => this.#told.delete(name));
    return true;
  }
}

function read(bytes: Buffer): ProxyHeader | 'malformed' | undefined {
  try {
    return readProxyHeader(bytes);
  } catch {
    return 'malformed';
  }
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function endpoint(text: string | undefined, port: number | undefined): Endpoint | undefined {
  const address: IpAddress | undefined = text === undefined ? undefined : parseIpAddress(text);
  return address === undefined || port === undefined ? undefined : { address, port };
}
