import type { Clock, Endpoint, IpAddress, Port } from '@sluice/model';
import type { HomeNetwork, TellLoss } from '@sluice/port-control';

/** What the driver is made of. */
export interface IgdDriverPorts {
  readonly clock: Clock;
  readonly home: () => IgdHome;
  readonly http: AskDevice;
  readonly search: SearchLink;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A gateway told that it was started again. */
  readonly lost: TellLoss;
  /** UDP port that devices are searched at; left out, 1900. */
  readonly ssdpPort?: Port;
}

/** The network that this machine is in, and its own addresses there, without link-local ones. */
export interface IgdHome extends HomeNetwork {
  readonly addresses: readonly { readonly address: IpAddress; readonly interface: string }[];
}

/** One HTTP exchange with an address; `askDevice` of @sluice/io is one. Follows no redirect, resolves no name, never throws. */
export type AskDevice = (
  request: {
    readonly method: 'GET' | 'POST';
    readonly address: IpAddress;
    readonly port: Port;
    readonly path: string;
    readonly interface?: string;
    readonly from?: IpAddress;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly mostBytes: number;
  },
  signal: AbortSignal,
) => Promise<DeviceReply>;

/** `not-sent`: nothing was asked. `lost`: it was, and what came is no whole answer. */
export type DeviceReply =
  | { readonly kind: 'answer'; readonly status: number; readonly server: string; readonly body: Uint8Array }
  | { readonly kind: 'not-sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

/** Asks whoever is on a link, and gives the answers of some time; `searchLink` of @sluice/io is one. */
export type SearchLink = (
  search: {
    readonly interface: string;
    readonly from: IpAddress;
    readonly questions: readonly { readonly to: Endpoint; readonly bytes: Uint8Array }[];
    readonly windowMs: number;
    readonly repeatMs: number;
  },
  signal: AbortSignal,
) => AsyncIterable<{ readonly from: IpAddress; readonly bytes: Uint8Array }>;
