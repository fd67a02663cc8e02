import type { Driver } from '@sluice/driver';
import type { Clock, ContentRequest, Gateway, GrantedOpening, ProbeFindings } from '@sluice/model';
import type { Store } from './store.ts';

/** Where control tells what happened; structured, never given a secret. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Sends packets at openings that a gateway says it holds, and tells which arrived at the device. Asked for gateways whose
 * word is not enough (Traits.ackMeansHeld). Bounded in time, never rejects; undefined where nothing could be tried.
 */
export type Probe = (
  granted: {
    readonly gateway: Gateway;
    readonly request: ContentRequest;
    readonly openings: readonly GrantedOpening[];
  },
  signal: AbortSignal,
) => Promise<ProbeFindings | undefined>;

/** What control needs of the world. */
export interface ControlPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** One for each gateway type that is spoken. */
  readonly drivers: readonly Driver[];
  /** Left out, the word of gateways is not checked by packets. */
  readonly probe?: Probe;
  /** Uniform in [0, 1): names of sessions and proposed ports come from it. Default: the platform's strong source. */
  readonly random?: () => number;
}
