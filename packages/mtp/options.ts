import type { TLSSocket } from 'node:tls';

import type { Clock } from '@sluice/model';
import { defaultMaxRecordBytes } from '@sluice/wire/usp';
import type { EventLog } from './event-log.ts';

/** What both ends of a WebSocket need. */
export interface WebSocketOptions {
  /** This end's endpoint id. */
  readonly endpointId: string;
  /** The endpoint id that the verified certificate of the other end proves; undefined where it proves none. */
  readonly identify: (socket: TLSSocket) => string | undefined;
  readonly clock: Clock;
  readonly log: EventLog;
  /** Longest record taken; longer ones end the connection with 1009. Default 1 MiB. */
  readonly maxRecordBytes?: number;
  /** Most bytes that may wait to be sent before `send` refuses. Default 8 MiB. */
  readonly maxQueuedBytes?: number;
  /** Time between pings. Default 30 s; 0 sends none. */
  readonly pingIntervalMs?: number;
  /** Longest time for TLS and the upgrade together. Default 10 s. */
  readonly handshakeMs?: number;
  /** 0 <= x < 1; spreads pings and waits. Default Math.random. */
  readonly random?: () => number;
}

/** {@link WebSocketOptions} with the defaults in. */
export type Settled = Required<WebSocketOptions>;

/** Fills in the defaults. */
export function settle(options: WebSocketOptions): Settled {
  return {
    endpointId: options.endpointId,
    identify: options.identify,
    clock: options.clock,
    log: options.log,
    maxRecordBytes: options.maxRecordBytes ?? defaultMaxRecordBytes,
    maxQueuedBytes: options.maxQueuedBytes ?? 8 << 20,
    pingIntervalMs: options.pingIntervalMs ?? 30_000,
    handshakeMs: options.handshakeMs ?? 10_000,
    random: options.random ?? Math.random,
  };
}

/** The WebSocket subprotocol of USP (R-WS.9). */
export const subprotocol = 'v1.usp';

/** How long a peer may take to answer a close before the socket is destroyed. */
export const closeTimeoutMs = 2_000;
