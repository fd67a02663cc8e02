import type { Clock } from '@sluice/model';
import { rowsIn, type UspPort } from '@sluice/usp-gateway';
import { chainToFill, momentIn } from '@sluice/wire/tr181';
import { getRequest } from '@sluice/wire/usp';

/** The chain of a gateway's firewall whose rules are ours to make. */
export interface FilledChain {
  /** "Device.Firewall.Chain.2." */
  readonly path: string;
  /** The gateway's clock is ours, near enough: a rule that it ends by a date does not end before its mapping. */
  readonly clockAgrees: boolean;
}

/** What tells which chain is in effect and may be filled, and what time it is there. */
const asked = [
  'Device.Firewall.Enable',
  'Device.Firewall.Config',
  'Device.Firewall.AdvancedLevel',
  'Device.Firewall.Level.*.Chain',
  'Device.Firewall.Chain.*.Enable',
  'Device.Firewall.Chain.*.Creator',
  'Device.Time.CurrentLocalTime',
];
/** How far a gateway's clock may be from ours, in milliseconds; a rule outlives its mapping by more. */
const clockToleranceMs = 30_000;

/** The chain whose rules a controller may make, by the agent's own word; undefined where there is none. */
export async function chainAt(
  controller: UspPort,
  clock: Clock,
  gatewayId: string,
  signal: AbortSignal,
): Promise<FilledChain | undefined> {
  // What an agent does not have is an error of that path alone (TR-369 R-GET.0).
  const rows = rowsIn(await controller.request(gatewayId, getRequest(asked), signal)) ?? [];
  const told = new Map(
    rows.flatMap(({ path, values }) => Object.entries(values).map(([name, value]) => [`${path}${name}`, value])),
  );
  const path = chainToFill(told);
  if (path === undefined) return undefined;
  const time = momentIn(told.get('Device.Time.CurrentLocalTime') ?? '');
  return { path, clockAgrees: time !== undefined && Math.abs(time - clock.now()) <= clockToleranceMs };
}
