import type { TLSSocket } from 'node:tls';
import { type Endpoint, type Family, parseIpAddress } from '@sluice/model';
import { Agent, buildConnector, errors } from 'undici';
import type { InProcessDoor } from './in-process.ts';

/** Try later: no answer came, so what was asked may or may not have happened. */
export class PeerUnreachable extends Error {
  override readonly name = 'PeerUnreachable';
}

/** Tell the operator: the peer is not who it should be. Nothing was sent. */
export class PeerUntrusted extends Error {
  override readonly name = 'PeerUntrusted';
}

/** Where a peer is and how it is known. */
export interface PeerOptions {
  /** `https://host:port`. */
  readonly origin: string;
  /**
   * As `clientTls` of @sluice/identity gives it; read at each dial. Once it shows another certificate, connections
   * made with the one before end as soon as nothing is under way on them, in 10 s at the latest. Without certificate and key
   * nobody is shown; without CA those count that this machine trusts.
   */
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  };
  /** What stands in the header `Authorization` of every request; left out, nothing. */
  readonly authorization?: string;
  /** Asked once a connection, after the certificate was verified: whether this is the part meant. */
  accepts(socket: TLSSocket): boolean;
  /** The peer is a part of this process, and is reached through here; `origin` is then but its name. */
  readonly door?: InProcessDoor | undefined;
  /** Reach it over this IP version alone. */
  readonly family?: Family | undefined;
  /** Most connections at once, default 16. */
  readonly connections?: number;
  /** Longest answer taken, in bytes, default 8 MiB. */
  readonly mostBytes?: number;
}

/** What a peer answered, whatever the status. */
export interface PeerAnswer {
  readonly status: number;
  /** Lower case, without parameters; empty when the peer named none. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** Another part, spoken to over kept-alive connections with mutual TLS. */
export interface HttpsPeer extends AsyncDisposable {
  readonly origin: string;
  /** Our own end of the latest connection; undefined before the first. */
  readonly local: Endpoint | undefined;
  /**
   * One exchange; `json` becomes the body. Never retries. Throws {@link PeerUnreachable}, {@link PeerUntrusted},
   * or the signal's reason.
   */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, json: unknown, signal: AbortSignal): Promise<PeerAnswer>;
  /** GET of an answer that goes on; ends or throws as {@link ask} does when the connection does. Any status but 200 throws. */
  stream(path: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const drainMs = 10_000;
/** A stream that says nothing for so long is gone. */
const silenceMs = 60_000;

/** Opens no connection yet. */
export function httpsPeer(options: PeerOptions): HttpsPeer {
  let local: Endpoint | undefined;
  const { family } = options;
  const authorization = options.authorization === undefined ? {} : { authorization: options.authorization };
  // A resumed session shows no certificate to a client (Node's TLSSocket), so nobody could tell who it is.
  const handshake = { maxCachedSessions: 0, timeout: 5_000 };
  const open = () => {
    const { door } = options;
    const dial: buildConnector.connector = door
      ? (_, done) => connectWithin(door, options.tls.cert ?? '', done)
      : buildConnector({ ...options.tls, ...(family === undefined ? {} : { family }), ...handshake });
    return new Agent({
      connections: options.connections ?? 16,
      keepAliveTimeout: 60_000,
      keepAliveMaxTimeout: 600_000,
      maxResponseSize: options.mostBytes ?? 8 * 1024 * 1024,
      connect(target, done) {
        dial(target, (error, socket) => {
          if (error) return done(error, null);
          if (!options.accepts(socket as TLSSocket)) {
            socket.destroy();
            return done(new PeerUntrusted(`${options.origin} shows a certificate of another part`), null);
          }
          const address = parseIpAddress(socket.localAddress ?? '');
          local = address === undefined || !socket.localPort ? undefined : { address, port: socket.localPort };
          done(null, socket);
        });
      },
    });
  };
  let agent: Agent | undefined;
  let shown = options.tls.cert;
  const retiring = new Set<Agent>();
  /** The agent whose connections show the certificate of the day. */
  const current = (): Agent => {
    if (agent && shown !== options.tls.cert) {
      const old = agent;
      retiring.add(old);
      const timer = setTimeout(() => void old.destroy(), drainMs);
      const retired = () => {
        clearTimeout(timer);
        retiring.delete(old);
      };
      old.close().then(retired, retired);
      agent = undefined;
    }
    shown = options.tls.cert;
    agent ??= open();
    return agent;
  };
  return {
    origin: options.origin,
    get local() {
      return local;
    },
    async ask(method, path, json, signal) {
      try {
        const { statusCode, headers, body } = await current().request({
          origin: options.origin,
          path,
          method,
          signal,
          headers: { ...authorization, ...(json !== undefined && { 'content-type': 'application/json' }) },
          ...(json !== undefined && { body: JSON.stringify(json) }),
        });
        const type = headers['content-type'];
        return {
          status: statusCode,
          contentType: (Array.isArray(type) ? type[0] : type)?.split(';')[0]?.trim().toLowerCase() ?? '',
          body: Buffer.from(await body.arrayBuffer()),
        };
      } catch (error) {
        signal.throwIfAborted();
        throw asPeerError(options.origin, error);
      }
    },
    async *stream(path, signal) {
      try {
        const { statusCode, body } = await current().request({
          origin: options.origin,
          path,
          method: 'GET',
          headers: authorization,
          signal,
          bodyTimeout: silenceMs,
        });
        if (statusCode !== 200) {
          await body.dump();
          throw new PeerUnreachable(`${options.origin} answers ${statusCode}`);
        }
        for await (const bytes of body) yield bytes as Uint8Array;
      } catch (error) {
        signal.throwIfAborted();
        throw asPeerError(options.origin, error);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...retiring, ...(agent ? [agent] : [])].map((each) => each.destroy()));
    },
  };
}

/** As dialling would: the answer comes later. */
function connectWithin(door: InProcessDoor, certificatePem: string, done: buildConnector.Callback): void {
  queueMicrotask(() => {
    let socket: TLSSocket;
    try {
      socket = door(certificatePem);
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)), null);
    }
    done(null, socket);
  });
}

function asPeerError(origin: string, error: unknown): Error {
  if (error instanceof PeerUntrusted || error instanceof PeerUnreachable) return error;
  if (!(error instanceof Error)) return new PeerUnreachable(`${origin}: ${String(error)}`);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  // OpenSSL's verdicts on a certificate; every other failure of a handshake may pass.
  const distrust = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|HOSTNAME_MISMATCH)/;
  if (distrust.test(code)) return new PeerUntrusted(`${origin} cannot prove who it is: ${error.message}`);
  if (error instanceof errors.ResponseExceededMaxSizeError) return new PeerUnreachable(`${origin} answers too much`);
  return new PeerUnreachable(`${origin} does not answer: ${error.message || code}`);
}
