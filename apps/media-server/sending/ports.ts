import type { Cancel, Endpoint, Family } from '@sluice/model';

/** One of the server's UDP ports, shared by all viewers of the stream that is sent from it. */
export interface DatagramPort {
  readonly local: Endpoint;
  /**
   * Sends the octets of `parts`, one after another, as one datagram. They must stay as they are until `done` is called,
   * with an error when the datagram could not be sent. Never throws.
   */
  send(parts: readonly Uint8Array[], to: Endpoint, done: (error: Error | null) => void): void;
  /** Gives what comes from that endpoint to `take`, which copies what it keeps. One listener an endpoint, the last. */
  hear(from: Endpoint, take: (datagram: Uint8Array) => void): Cancel;
}

/** One of the server's TCP ports, which connects and is connected to. */
export interface ConnectionPort {
  readonly local: Endpoint;
  /** Connects from this port. Rejects with the reason when it cannot, or with the signal's. */
  dial(to: Endpoint, signal: AbortSignal): Promise<ByteConnection>;
  /**
   * Lets `from` connect to this port, and nobody else. Resolves when it may; `connection` resolves when it has.
   * Both reject as `dial`.
   */
  expect(from: Endpoint, signal: AbortSignal): Promise<{ readonly connection: Promise<ByteConnection> }>;
}

/** A TCP connection that octets are written to. */
export interface ByteConnection {
  /** Resolves when the next may be written; rejects when the connection is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that no more comes; resolves when the connection is closed, by the peer or by `destroy`. */
  end(): Promise<void>;
  /** Cuts the connection. */
  destroy(): void;
  /** Resolves when the connection is closed, for whatever reason. */
  readonly closed: Promise<void>;
  readonly bytesSent: number;
  /** Pieces that came from the peer; what they say is of no interest. */
  readonly piecesReceived: number;
}

/** The ports of one content stream, for each IP version it is sent over. */
export type PortPair<P> = { readonly [F in Family]?: P };
