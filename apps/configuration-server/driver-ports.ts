import type { Membership } from '@sluice/identity';
import type { Log } from '@sluice/io';
import type { Clock } from '@sluice/model';
import type { ConfigurationServerConfig } from './config.ts';
import type { CallingGateways } from './discovery/calling-gateways.ts';

/** What drivers learn without having asked; `control` acts on it. */
export interface GatewayNews {
  /** The gateway connected, started, or has other addresses: what it holds is made what it should hold. Settles, never rejects, when that was tried. */
  cameBack(gatewayId: string, why: string): Promise<void>;
  /** The same for a gateway that only gave us a chance to look. */
  putRight(gatewayId: string, why: string): Promise<void>;
  /** Its connection is gone: what was asked on it is unknown from now on. */
  lost(gatewayId: string, reason: string): void;
  /** It no longer holds these openings, which nobody here closed. */
  openingsGone(gatewayId: string, openingIds: readonly string[]): void;
  /** An appliance that speaks to its own gateway connected, or tells that the gateway lost what it held. */
  applianceCameBack(applianceId: string, why: string): void;
  /** Its connection is gone, as {@link lost}. */
  applianceLost(applianceId: string, reason: string): void;
}

/** What drivers are made of. */
export interface DriverPorts {
  readonly config: ConfigurationServerConfig;
  /** Who this configuration server is, and whom it admits. */
  readonly own: Membership;
  readonly clock: Clock;
  readonly log: Log;
  readonly news: GatewayNews;
  /** Learns which gateways come to this server, and from where. */
  readonly calling: CallingGateways;
  /** Ends when the configuration server does. */
  readonly lifetime: AbortSignal;
}
