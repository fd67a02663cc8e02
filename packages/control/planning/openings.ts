import {
  type ContentRequest,
  type Family,
  familyOf,
  type GatewayAddresses,
  type Instant,
  type Opening,
  type PortGroup,
  type Refusal,
  type RequestedStream,
  type Traits,
} from '@sluice/model';
import { chooseLocalAddress, type LocalAddress } from '../registration/local-address.ts';
import { checkPath } from '../registration/path.ts';

/** The id of a session's opening for the stream at `index` of its request. */
export function openingId(sessionId: string, index: number): string {
  return `${sessionId}-${index}`;
}

/**
 * One opening for each stream of a request, in the streams' order; ports are left to the gateway. Expects a request
 * that passed {@link checkStreams} and {@link checkTraits}.
 */
export function planOpenings(
  sessionId: string,
  request: ContentRequest,
  addresses: GatewayAddresses,
  traits: Traits,
  until: Instant,
): readonly Opening[] | Refusal {
  const { flow, streams } = request;
  const astray = checkPath(flow, addresses, { streams, findsDevice: traits.findsDevice });
  if (astray) return astray;
  const common = (stream: RequestedStream, index: number) => ({
    id: openingId(sessionId, index),
    streamType: stream.streamType,
    ...(stream.payloadType !== undefined && { payloadType: stream.payloadType }),
    remote: stream.remote,
    ...(traits.findsDevice && { flow: request.flow }),
    ...(traits.findsDevice && request.consent !== undefined && { consent: request.consent }),
    until,
  });
  const openings: Opening[] = [];
  const devices = new Map<Family, LocalAddress>();
  for (const [index, stream] of streams.entries()) {
    const family = familyOf(stream.remote.address);
    const device = devices.get(family) ?? deviceFor(family, request, addresses, traits.findsDevice);
    if ('code' in device) return device;
    devices.set(family, device);
    openings.push({
      ...common(stream, index),
      // IPv6 has no translation: the device's port is the global one.
      ...(family === 6 ? { globalPort: stream.localPort } : groupOf(stream, streams)),
      local: { ...device, port: stream.localPort },
    });
  }
  return openings;
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
function groupOf(stream: RequestedStream, streams: readonly RequestedStream[]): { readonly portGroup?: PortGroup } {
  if (stream.pairedWith !== undefined) return { portGroup: { name: stream.pairedWith, offset: 1 } };
  const paired = streams.some((other) => other.pairedWith === stream.id);
  return paired ? { portGroup: { name: stream.id, offset: 0 } } : {};
}
