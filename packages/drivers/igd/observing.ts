import { type GrantedOpening, type Instant, type IpAddress, plainTransportOf } from '@sluice/model';
import type { PortMapping } from '@sluice/wire/igd';
import { anyone, forEver, isForMapping } from './mapping-making.ts';
import type { GatewayMemory } from './memory.ts';
import { isMappingOf, openingIdIn } from './own-mapping.ts';
import type { GatewayParts } from './parts.ts';
import { asWritten } from './table.ts';

/** What a table of mappings shows of ours, and how many others there are. */
export interface SeenMappings {
  readonly ours: readonly { readonly opening: GrantedOpening }[];
  readonly foreign: number;
}

/**
 * Reads everybody's mappings. Ours are those with our mark that lead to this machine, or that are believed. One that
 * anyone may send to, and should not, is told as such.
 */
export function seenMappings(
  mappings: readonly PortMapping[],
  believed: readonly GrantedOpening[],
  externalAddress: IpAddress | undefined,
  { clock, memory, ports, quirks }: GatewayParts,
): SeenMappings {
  const own = ports.home().addresses.map(({ address }) => address);
  const byId = new Map(believed.filter(isForMapping).map((opening) => [opening.id, opening]));
  const now = clock.now();
  const ours = mappings.map(asWritten).flatMap((mapping) => {
    const id = openingIdIn(mapping.description, [...byId.values()]);
    const known = id === undefined ? undefined : byId.get(id);
    if (id === undefined || !mapping.enabled || (!known && !own.includes(mapping.internalClient))) return [];
    const opening = openingIn(mapping, id, externalAddress ?? known?.global.address ?? anyone, now);
    if (!known || !isMappingOf(mapping, known) || plainTransportOf(known.streamType) !== mapping.protocol)
      return [{ opening }];
    const { lacks = [] } = known;
    const narrow = lacks.includes('remoteAddress') || isNarrow(mapping, known, memory, quirks.hidesRemoteHost === true);
    const endless = mapping.leaseSeconds === 0 && lacks.includes('lease');
    return [
      {
        opening: {
          ...known,
          ...(narrow ? {} : { remote: opening.remote }),
          global: opening.global,
          globalPort: opening.globalPort,
          until: endless ? known.until : opening.until,
        },
      },
    ];
  });
  return { ours, foreign: mappings.length - ours.length };
}

function openingIn(mapping: PortMapping, id: string, globalAddress: IpAddress, now: Instant): GrantedOpening {
  const { externalPort, internalClient, internalPort, leaseSeconds, protocol, remoteHost } = mapping;
  return {
    id,
    streamType: protocol,
    remote: { address: remoteHost === '' ? anyone : remoteHost },
    global: { address: globalAddress, port: externalPort },
    globalPort: externalPort,
    local: { address: internalClient, port: internalPort },
    until: leaseSeconds === 0 ? forEver : now + leaseSeconds * 1_000,
  };
}

/** Where a gateway never shows who may send, only what was made since its last start is known to be narrow. */
function isNarrow(
  mapping: PortMapping,
  { id, remote }: GrantedOpening,
  { life, mappings }: GatewayMemory,
  hidesRemoteHost: boolean,
): boolean {
  if (mapping.remoteHost === remote.address) return true;
  const made = mappings.get(id);
  return hidesRemoteHost && mapping.remoteHost === '' && made?.life === life && made.key.remoteHost === remote.address;
}
