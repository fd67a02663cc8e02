import { familyOf, type GrantedOpening, type IpAddress, type Opening, plainTransportOf } from '@sluice/model';
import type { Lease } from '@sluice/port-control';
import type { MappingKey, PortMapping } from '@sluice/wire/igd';
import { descriptionOf } from './own-mapping.ts';

/** An opening whose device is named. */
export type Placed<O extends Opening = Opening> = O & { readonly local: { readonly address: IpAddress } };

/** The end of what has none, as an instant: the last one that a date can have. */
export const forEver = 8_640_000_000_000_000;

/** Anyone, as a remote address: what a mapping without RemoteHost lets in. */
export const anyone = '0.0.0.0';

/** The key of an opening's mapping; `wide` where anyone may send. */
export function keyOf(opening: Opening, externalPort: number, wide: boolean): MappingKey {
  const { remote, streamType } = opening;
  const remoteHost = wide || remote.address === anyone ? '' : remote.address;
  return { remoteHost, externalPort, protocol: plainTransportOf(streamType) };
}

/** The mapping of an opening. */
export function mappingOf(opening: Placed, key: MappingKey, leaseSeconds: number): PortMapping {
  return {
    ...key,
    internalPort: opening.local.port,
    internalClient: opening.local.address,
    enabled: true,
    description: descriptionOf(opening),
    leaseSeconds,
  };
}

/**
 * When an opening ends of which the gateway shows so many seconds left. In the time of who planned the lease: two
 * machines' clocks may differ. A second less than asked for has passed meanwhile.
 */
export function endShown({ opening, seconds }: Lease<Opening>, shownSeconds: number): number {
  const less = shownSeconds - seconds;
  return opening.until + (less === -1 || less === -2 ? 0 : less) * 1_000;
}

/** The opening as the gateway holds it. */
export function grantOf(
  opening: Placed,
  externalAddress: IpAddress,
  { externalPort, remoteHost }: MappingKey,
  end: { readonly until: number; readonly permanent: boolean },
): GrantedOpening {
  const { address, port } = opening.local;
  const lacks = [
    ...(remoteHost === '' && opening.remote.address !== anyone ? (['remoteAddress'] as const) : []),
    ...(end.permanent ? (['lease'] as const) : []),
  ];
  // A name of a port group says nothing once there are ports.
  const { lacks: _, portGroup: __, ...asked } = opening as Placed & Pick<GrantedOpening, 'lacks'>;
  return {
    ...asked,
    local: { address, port },
    global: { address: externalAddress, port: externalPort },
    globalPort: externalPort,
    until: end.until,
    ...(lacks.length > 0 && { lacks }),
  };
}

/** Whether an opening is one for port mappings. */
export function isForMapping({ remote }: Opening): boolean {
  return familyOf(remote.address) === 4;
}
