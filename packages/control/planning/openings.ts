import {
  type ContentRequest,
  type Family,
  familyOf,
  type GatewayAddresses,
  type Opening,
  type PortGroup,
  type Refusal,
  type RequestedStream,
  type Traits,
} from '@sluice/model';
import { chooseLocalAddress, type LocalAddress } from '../registration/local-address.ts';

/** An opening before it is known when it ends. */
export type PlannedOpening = Omit<Opening, 'until'>;

/** The id of a session's opening at one of its hops, for the stream at `index` of the `count` in its request. */
export function openingId(sessionId: string, hop: number, count: number, index: number): string {
  return `${sessionId}-${hop * count + index}`;
}

/** Which stream of a request an opening is for: the reverse of {@link openingId}. */
export function streamIndexOf(id: string, count: number): number {
  return Number(id.slice(id.lastIndexOf('-') + 1)) % count;
}

/**
 * One opening for each stream of a request at the hop that the device is behind, the session's `hop`th, in the streams'
 * order; ports are left to the gateway where it translates. Expects a request that passed {@link checkStreams} and
 * {@link checkTraits}.
 */
export function planOpenings(
  { sessionId, hop }: { readonly sessionId: string; readonly hop: number },
  request: ContentRequest,
  { addresses, traits }: { readonly addresses: GatewayAddresses; readonly traits: Traits },
): readonly PlannedOpening[] | Refusal {
  const { streams } = request;
  const common = (stream: RequestedStream, index: number) => ({
    id: openingId(sessionId, hop, streams.length, index),
    streamType: stream.streamType,
    ...(stream.payloadType !== undefined && { payloadType: stream.payloadType }),
    remote: stream.remote,
    ...(traits.findsDevice && { flow: request.flow }),
    ...(traits.findsDevice && request.consent !== undefined && { consent: request.consent }),
    ...(request.start && { start: request.start }),
  });
  const openings: PlannedOpening[] = [];
  const devices = new Map<Family, LocalAddress>();
  for (const [index, stream] of streams.entries()) {
    const family = familyOf(stream.remote.address);
    const device = devices.get(family) ?? deviceFor(family, request, addresses, traits.findsDevice);
    if ('code' in device) return device;
    devices.set(family, device);
    openings.push({
      ...common(stream, index),
      // Where nothing is translated the device's port is the global one; ESP has none.
      ...(isTranslated(traits, family) && stream.streamType !== 'esp'
        ? groupOf(stream, streams)
        : { globalPort: stream.localPort }),
      local: { ...device, port: stream.localPort },
    });
  }
  return openings;
}

/** Whether a gateway gives what it opens for one IP version an address and port of its own. */
export function isTranslated(traits: Traits, family: Family): boolean {
  return family === 4 && traits.translates !== false;
}

/** Where the openings for streams of one IP version point. A device that was seen over IPv6 was seen as itself. */
function deviceFor(
  family: Family,
  { flow, localAddresses }: ContentRequest,
  addresses: GatewayAddresses,
  findsDevice: boolean,
): LocalAddress {
  const { address } = flow.observed;
  if (family === 6 && familyOf(address) === 6) return { address };
  // Without an address the gateway takes the one that the request left from, which is of the other IP version here.
  return chooseLocalAddress(localAddresses, addresses, family, findsDevice && familyOf(address) === family);
}

/** RTP that has its RTCP in the request, and that RTCP, share a group: an even global port and the next. */
export function groupOf(
  stream: Pick<RequestedStream, 'id' | 'pairedWith'>,
  streams: readonly Pick<RequestedStream, 'id' | 'pairedWith'>[],
): { readonly portGroup?: PortGroup } {
  if (stream.pairedWith !== undefined) return { portGroup: { name: stream.pairedWith, offset: 1 } };
  const paired = streams.some((other) => other.pairedWith === stream.id);
  return paired ? { portGroup: { name: stream.id, offset: 0 } } : {};
}
