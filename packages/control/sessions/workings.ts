import type { Clock } from '@sluice/model';
import type { Deadlines } from '../deadlines.ts';
import type { GatewayLinks } from '../gateways/links.ts';
import type { Happening, Log, Probe } from '../ports.ts';
import type { ControlSettings } from '../settings.ts';
import type { LiveSessions } from './live-sessions.ts';
import type { Records } from './records.ts';

/** What every act on a session works with. */
export interface Workings {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControlSettings;
  readonly random: () => number;
  readonly tell: (happening: Happening) => void;
  readonly probe: Probe | undefined;
  readonly links: GatewayLinks;
  readonly live: LiveSessions;
  readonly records: Records;
  readonly deadlines: Deadlines;
  /** Ends when the configuration server stops. */
  readonly stopped: AbortSignal;
}
