import type { Driver } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import type { Store } from './store.ts';

/** Where control tells what happened; structured, never given a secret. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What control needs of the world. */
export interface ControlPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** One for each gateway type that is spoken. */
  readonly drivers: readonly Driver[];
  /** Uniform in [0, 1): names of sessions and proposed ports come from it. Default: the platform's strong source. */
  readonly random?: () => number;
}
