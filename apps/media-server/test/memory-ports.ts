import { type Endpoint, formatEndpoint } from '@sluice/model';
import type { ByteConnection, ConnectionPort, DatagramPort } from '../sending/ports.ts';

/** A UDP port without a network: keeps what is sent, with the moment of sending. */
export class MemoryDatagramPort implements DatagramPort {
  readonly local: Endpoint;
  readonly sent: { readonly atMs: number; readonly to: string; readonly bytes: Uint8Array }[] = [];
  /** The error that sending ends in, if any. */
  failure: Error | null = null;
  readonly #nowMs: () => number;
  readonly #listeners = new Map<string, (datagram: Uint8Array) => void>();

  constructor(port: number, nowMs: () => number) {
    this.local = { address: '203.0.113.10', port };
    this.#nowMs = nowMs;
  }

  send(parts: readonly Uint8Array[], to: Endpoint, done: (error: Error | null) => void): void {
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    if (!this.failure) this.sent.push({ atMs: this.#nowMs(), to: formatEndpoint(to), bytes });
    queueMicrotask(() => done(this.failure));
  }

  hear(from: Endpoint, take: (datagram: Uint8Array) => void): () => void {
    const key = formatEndpoint(from);
    this.#listeners.set(key, take);
    return () => {
      if (this.#listeners.get(key) === take) this.#listeners.delete(key);
    };
  }

  /** A datagram arrives. */
  arrive(from: Endpoint, bytes: Uint8Array): void {
    this.#listeners.get(formatEndpoint(from))?.(bytes);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** A connection without a network: keeps what is written. */
export class MemoryConnection implements ByteConnection {
  readonly written: { readonly atMs: number; readonly text: string }[] = [];
  readonly #closed = Promise.withResolvers<void>();
  readonly #nowMs: () => number;
  state: 'open' | 'ended' | 'cut' = 'open';
  /** The peer closes as soon as the end is said. */
  peerCloses = true;
  bytesSent = 0;
  readonly piecesReceived = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.state !== 'open') throw new Error('the connection is closed');
    this.written.push({ atMs: this.#nowMs(), text: new TextDecoder().decode(bytes) });
    this.bytesSent += bytes.length;
  }

  end(): Promise<void> {
    this.state = 'ended';
    if (this.peerCloses) this.#closed.resolve();
    return this.closed;
  }

  destroy(): void {
    if (this.state === 'open') this.state = 'cut';
    this.#closed.resolve();
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }
}

/** A TCP port without a network. */
export class MemoryConnectionPort implements ConnectionPort {
  readonly local: Endpoint;
  readonly connections: MemoryConnection[] = [];
  /** How dialling ends: a connection, this error, or never. */
  dialling: 'connects' | 'hangs' | Error = 'connects';
  readonly expected = new Map<string, (connection: MemoryConnection) => void>();
  readonly #nowMs: () => number;

  constructor(port: number, nowMs: () => number) {
    this.local = { address: '203.0.113.10', port };
    this.#nowMs = nowMs;
  }

  async dial(_: Endpoint, signal: AbortSignal): Promise<ByteConnection> {
    if (this.dialling instanceof Error) throw this.dialling;
    if (this.dialling === 'connects') return this.#open();
    return new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }

  async expect(from: Endpoint, signal: AbortSignal) {
    const key = formatEndpoint(from);
    const { promise, resolve, reject } = Promise.withResolvers<ByteConnection>();
    this.expected.set(key, resolve);
    signal.addEventListener('abort', () => {
      this.expected.delete(key);
      reject(signal.reason);
    });
    return { connection: promise };
  }

  /** The expected peer connects. */
  connect(from: Endpoint): MemoryConnection {
    const connection = this.#open();
    this.expected.get(formatEndpoint(from))?.(connection);
    return connection;
  }

  #open(): MemoryConnection {
    const connection = new MemoryConnection(this.#nowMs);
    this.connections.push(connection);
    return connection;
  }
}
