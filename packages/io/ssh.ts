import { createHash, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Client, type ClientChannel } from 'ssh2';

/** Try later: the machine did not get what was to be done. */
export class SshUnreachable extends Error {
  override readonly name = 'SshUnreachable';
}

/** Tell the operator: the machine shows another host key, or does not take ours. Nothing was told to it. */
export class SshUntrusted extends Error {
  override readonly name = 'SshUntrusted';
}

/** Where and as whom to sign in. */
export interface SshOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** OpenSSH or PKCS #8, PEM. */
  readonly privateKey: string;
  /** `SHA256:...` of the one host key that counts. */
  readonly hostKey: string;
  /** How to get there; left out, by TCP. */
  readonly dial?: () => Duplex;
}

/** What a remote command came to. */
export interface SshResult {
  /** Exit status; undefined where a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A connection to a machine's sshd. */
export interface SshConnection extends AsyncDisposable {
  readonly closed: boolean;
  /** Resolves when it is closed, by whom ever. */
  readonly ended: Promise<void>;
  /**
   * Runs a command with `input` on its standard input; several may be under way. Throws {@link SshUnreachable} where
   * it was not begun; anything else thrown means that it may have been.
   */
  run(command: string, input: string, signal: AbortSignal): Promise<SshResult>;
}

const readyMs = 10_000;
/** A machine that does not answer three of these in a row is gone. */
const keepAliveMs = 10_000;
/** Longest answer of a command, octets. */
const mostOutput = 32 * 1024 * 1024;

/** Connects, and signs in with a key alone. Throws {@link SshUnreachable} or {@link SshUntrusted}. */
export async function connectSsh(options: SshOptions, signal: AbortSignal): Promise<SshConnection> {
  const { host, port, username, privateKey, hostKey, dial } = options;
  signal.throwIfAborted();
  const client = new Client();
  const sock = dial?.();
  let closed = false;
  let otherKey: string | undefined;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  client.on('close', () => {
    closed = true;
    end();
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => {
      client.destroy();
      sock?.destroy();
      reject(error);
    };
    const aborted = () => fail(new SshUnreachable(`${host} port ${port} did not answer in time`));
    signal.addEventListener('abort', aborted, { once: true });
    client.once('ready', () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    // Stays: an error of a connection that is in use ends it, and whoever uses it hears of that.
    client.on('error', (error: Error & { level?: string }) => {
      if (otherKey !== undefined)
        fail(new SshUntrusted(`${host} shows the host key ${otherKey}, registered is ${hostKey}`));
      else if (error.level === 'client-authentication')
        fail(new SshUntrusted(`${host} does not take the key of ${username}`));
      else fail(new SshUnreachable(`${host} port ${port}: ${error.message}`));
    });
    client.once('close', () => fail(new SshUnreachable(`${host} port ${port} closed the connection`)));
    try {
      client.connect({
        host,
        port,
        username,
        privateKey,
        ...(sock && { sock }),
        readyTimeout: readyMs,
        keepaliveInterval: keepAliveMs,
        hostVerifier: (key: Buffer) => {
          const shown = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
          if (isSame(shown, hostKey)) return true;
          otherKey = shown;
          return false;
        },
      });
    } catch {
      // What the library says of a key that it cannot read may hold some of it.
      fail(new SshUntrusted(`the private key for ${host} cannot be read; it is OpenSSH or PKCS #8 in PEM`));
    }
  });
  return {
    get closed() {
      return closed;
    },
    ended,
    async run(command, input, until) {
      until.throwIfAborted();
      if (closed) throw new SshUnreachable(`the connection to ${host} is closed`);
      const channel = await new Promise<ClientChannel>((resolve, reject) => {
        client.exec(command, (error, opened) => {
          if (error) reject(new SshUnreachable(`${host} begins no command: ${error.message}`));
          else resolve(opened);
        });
      });
      return exchange(channel, input, until);
    },
    async [Symbol.asyncDispose]() {
      client.end();
    },
  };
}

function exchange(channel: ClientChannel, input: string, until: AbortSignal): Promise<SshResult> {
  return new Promise((resolve, reject) => {
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    let octets = 0;
    let status: number | undefined;
    let ended = false;
    const stop = (error: Error) => {
      channel.close();
      reject(error);
    };
    const aborted = () => stop(until.reason instanceof Error ? until.reason : new Error('given up'));
    until.addEventListener('abort', aborted, { once: true });
    const collect = (into: Buffer[]) => (bytes: Buffer) => {
      octets += bytes.length;
      if (octets > mostOutput) stop(new Error('the answer is too long'));
      else into.push(bytes);
    };
    channel.on('data', collect(stdout));
    channel.stderr.on('data', collect(stderr));
    channel.on('exit', (code: number | null) => {
      ended = true;
      status = code ?? undefined;
    });
    channel.on('error', stop);
    channel.on('close', () => {
      until.removeEventListener('abort', aborted);
      if (!ended) return reject(new Error('the connection ended before the answer'));
      resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    channel.end(input);
  });
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
