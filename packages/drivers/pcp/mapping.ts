import { familyOf, type GrantedOpening, type Opening, type PromiseName, plainTransportOf } from '@sluice/model';
import { anyAddress, type PcpMapping, type PcpOption, pcpProtocol } from '@sluice/wire/pcp';
import { octetsOf } from './asking.ts';
import { nonceOf } from './nonce.ts';

/** An opening that may have been granted before. */
export type Known = Opening | GrantedOpening;

/** The global address that an opening is known to have; undefined where it has none yet. */
export function globalAddressOf(opening: Known): string | undefined {
  if (!('global' in opening)) return undefined;
  const { address } = opening.global;
  // What was never answered is believed to be at the device's own address; with IPv4 it is not.
  return familyOf(address) === 4 && address === opening.local.address ? undefined : address;
}

/**
 * The mapping that stands for an opening. Without a wish the device's own port is suggested: where the global port is the
 * same, what the device sends leaves from it at gateways that do not translate the source.
 */
export function mappingOf(opening: Known, secret: Uint8Array): PcpMapping {
  const family = familyOf(opening.remote.address);
  const address = family === 6 ? opening.local.address : globalAddressOf(opening);
  return {
    nonce: nonceOf(secret, opening.id),
    protocol: pcpProtocol[plainTransportOf(opening.streamType)],
    internalPort: opening.local.port,
    externalPort: opening.globalPort ?? opening.local.port,
    externalAddress: address === undefined ? anyAddress(family) : octetsOf(address),
  };
}

/**
 * The options of an opening: its own global port or none (13.2), its own remote endpoint alone (13.3). `again`: filters
 * that the mapping may have are taken away in the same request, as they would add up.
 */
export function optionsOf(opening: Known, filtered: boolean, again: boolean): readonly PcpOption[] {
  const { remote, globalPort } = opening;
  const address = octetsOf(remote.address);
  const none = octetsOf(familyOf(remote.address) === 4 ? '0.0.0.0' : '::');
  return [
    ...(globalPort === undefined ? [] : [{ kind: 'prefer-failure' } as const]),
    ...(filtered && again ? [{ kind: 'filter', prefixLength: 0, port: 0, address: none } as const] : []),
    ...(filtered ? [{ kind: 'filter', prefixLength: 128, port: remote.port ?? 0, address } as const] : []),
  ];
}

/** What an opening lacks without a filter. */
export function lackingUnfiltered({ remote }: Opening): readonly PromiseName[] {
  return remote.port === undefined ? ['remoteAddress'] : ['remoteAddress', 'remotePort'];
}

/** Whether an opening may do, or was granted, without a filter. */
export function mayBeUnfiltered(opening: Known): boolean {
  const allowed = [...(opening.mayLack ?? []), ...(('lacks' in opening && opening.lacks) || [])];
  return lackingUnfiltered(opening).every((name) => allowed.includes(name));
}
