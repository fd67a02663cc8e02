import type { AuditLog, Sparing } from '@sluice/audit';
import type { Control, RequestLimits } from '@sluice/control';
import type { Log } from '@sluice/io';
import type { Clock } from '@sluice/model';
import type { ApplianceLinks } from '../by-appliance/links.ts';
import type { Players } from '../by-appliance/players.ts';
import type { Contacts } from '../contacts.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { RegisteredHomes } from '../discovery/registered-homes.ts';
import type { MediaServers } from '../media-servers.ts';
import type { Accounts } from '../sign-in/accounts.ts';
import type { Registrar } from '../standing/registrar.ts';

/** What the API stands on. */
export interface ApiPorts {
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Log;
  readonly registrar: Registrar;
  readonly contacts: Contacts;
  readonly discovery: Discovery;
  /** Whose programs ask without a certificate. */
  readonly players: Players;
  /** Homes with several ways in. */
  readonly homes: Pick<RegisteredHomes, 'of'>;
  readonly limits: RequestLimits;
  readonly audit: AuditLog;
  /** How many lines one caller may cause. */
  readonly sparing: Sparing;
  /** Whether a portal that is not registered may ask for streams from anywhere. */
  readonly unregisteredPortals: 'refused' | 'permitted';
  readonly links: ApplianceLinks;
  readonly mediaServers: MediaServers;
  readonly accounts: Accounts;
  /** Where people sign in, for an operator who reached this server at `host`; undefined where they do not. */
  signInUrl(host: string): string | undefined;
  /** Where parts enrol, for an operator who reached this server at `host`; undefined where they do not. */
  enrolmentUrl(host: string): string | undefined;
  /** Ends what is streamed. */
  readonly lifetime: AbortSignal;
  /** Largest body taken. */
  readonly bodyBytes: number;
}
