import type { Control } from '@sluice/control';
import type { Log } from '@sluice/io';
import type { Clock } from '@sluice/model';

/** What the API stands on. */
export interface ApiPorts {
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Log;
  /** Largest body taken. */
  readonly bodyBytes: number;
}
