import type { Instant, IpAddress } from '@sluice/model';
import type { CwmpDeviceId, CwmpInform } from '@sluice/wire/cwmp';
import { momentIn } from '@sluice/wire/tr181';

/** What a device said of itself when it last began a session. */
export interface CwmpContact {
  readonly gatewayId: string;
  readonly deviceId: CwmpDeviceId;
  /** "1 BOOT", "6 CONNECTION REQUEST", ... */
  readonly events: readonly string[];
  /** The root of its data model: "InternetGatewayDevice." (TR-098) or "Device." (TR-181). */
  readonly root: string;
  /** What the Inform told, by full name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Where it called from. */
  readonly address: IpAddress | undefined;
  /** How far the device's clock is ahead of ours, in milliseconds; undefined where it does not know the time. */
  readonly clockAheadMs: number | undefined;
  readonly at: Instant;
  /** Somebody waits to ask it something: it was woken, most likely. */
  readonly isAwaited: boolean;
}

/** Reads an Inform as a contact. */
export function contactOf(
  gatewayId: string,
  { deviceId, events, parameters, currentTime }: CwmpInform,
  address: IpAddress | undefined,
  at: Instant,
  isAwaited: boolean,
): CwmpContact {
  const told = momentIn(currentTime.trim());
  const isGateway = parameters.some(({ name }) => name.startsWith('InternetGatewayDevice.'));
  return {
    gatewayId,
    deviceId,
    events: events.map(({ code }) => code),
    root: isGateway ? 'InternetGatewayDevice.' : 'Device.',
    parameters: new Map(parameters.map(({ name, value }) => [name, value.trim()])),
    address,
    clockAheadMs: told === undefined ? undefined : told - at,
    at,
    isAwaited,
  };
}

/** A parameter of ManagementServer, as the Inform told it. */
export function managementServer({ root, parameters }: CwmpContact, name: string): string | undefined {
  return parameters.get(`${root}ManagementServer.${name}`);
}
