import {
  familyOf,
  type IpAddress,
  isPort,
  isUnicastHost,
  type Opening,
  type Refusal,
  refuse,
  type Traits,
  traitsFor,
} from '@sluice/model';
import { cannotHold } from '@sluice/port-control';
import type { Placed } from './mapping-making.ts';
import { isInHome } from './place.ts';
import type { IgdHome } from './ports.ts';

/** Why a gateway is not asked for an opening at all; undefined where it may be. */
export function unfit(
  opening: Opening,
  { home, own, traits }: { readonly home: IgdHome; readonly own: readonly IpAddress[]; readonly traits: Traits },
): Refusal | undefined {
  const { id, local, remote, globalPort } = opening;
  const family = familyOf(remote.address);
  if (local.address === undefined)
    return refuse('local-address-needed', 'a UPnP gateway does not find the device by itself', id);
  for (const address of [local.address, remote.address])
    if (!isUnicastHost(address))
      return refuse('address-not-unicast', `${address} is the address of no single host`, id);
  if (familyOf(local.address) !== family)
    return refuse('path-mismatch', `${remote.address} and ${local.address} are of different IP versions`, id);
  if (own.includes(local.address)) return refuse('target-is-gateway', `${local.address} is the gateway itself`, id);
  if (!isInHome(local.address, home))
    return refuse('local-address-outside-home', `${local.address} is in no network of this home`, id);
  // Port 0 would be every port.
  for (const port of [local.port, remote.port, globalPort])
    if (port !== undefined && !isPort(port)) return refuse('port-invalid', `${port} is no port`, id);
  if (family === 6 && globalPort !== undefined && globalPort !== local.port)
    return refuse('port-invalid', 'over IPv6 a port stays what it is', id);
  return cannotHold(opening, traitsFor(traits, family));
}

/** Whether the device of an opening is named: true of all that {@link unfit} lets through. */
export function isPlaced<O extends Opening>(opening: O): opening is O & Placed {
  return opening.local.address !== undefined;
}
