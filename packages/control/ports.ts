import type { Driver } from '@sluice/driver';
import type {
  Clock,
  ContentRequest,
  ContentSession,
  Gateway,
  GrantedOpening,
  ProbeFindings,
  Refusal,
} from '@sluice/model';
import type { SessionEvent } from './sessions/state.ts';
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

/**
 * What must be accounted for afterwards, each told once: a session was asked for or has moved on (as it is then), or a
 * request was refused before it became one.
 */
export type Happening =
  | { readonly event: 'asked' | SessionEvent; readonly session: ContentSession }
  | { readonly event: 'turned-away'; readonly request: ContentRequest; readonly refusal: Refusal };

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
  /** Hears of all that happens to sessions; must not throw, and is not waited for. */
  readonly tell?: (happening: Happening) => void;
}
