import {
  type ContentRequest,
  familyOf,
  type GatewayAddresses,
  type Instant,
  type Opening,
  type PortGroup,
  type Refusal,
  type RequestedStream,
  type Traits,
} from '@sluice/model';
import { chooseLocalAddress } from '../registration/local-address.ts';
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
  const astray = checkPath(request.flow, addresses);
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
  const device = request.flow.observed.address;
  if (familyOf(device) === 6) {
    // IPv6 has no translation: the device is who was seen, and its port is the global one.
    return request.streams.map((stream, index) => ({
      ...common(stream, index),
      globalPort: stream.localPort,
      local: { address: device, port: stream.localPort },
    }));
  }
  const local = chooseLocalAddress(request.localAddresses, addresses, traits.findsDevice);
  if ('code' in local) return local;
  return request.streams.map((stream, index) => ({
    ...common(stream, index),
    ...groupOf(stream, request.streams),
    local: { ...local, port: stream.localPort },
  }));
}

/** RTP that has its RTCP in the request, and that RTCP, share a group: an even global port and the next. */
function groupOf(stream: RequestedStream, streams: readonly RequestedStream[]): { readonly portGroup?: PortGroup } {
  if (stream.pairedWith !== undefined) return { portGroup: { name: stream.pairedWith, offset: 1 } };
  const paired = streams.some((other) => other.pairedWith === stream.id);
  return paired ? { portGroup: { name: stream.id, offset: 0 } } : {};
}
