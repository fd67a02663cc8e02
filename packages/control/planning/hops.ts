import {
  type ContentRequest,
  familyOf,
  type GatewayAddresses,
  type IpAddress,
  type Port,
  prefixContains,
  type Refusal,
  refuse,
  type Traits,
} from '@sluice/model';
import { checkTarget } from '../registration/local-address.ts';
import { checkPath } from '../registration/path.ts';
import { groupOf, isTranslated, openingId, type PlannedOpening, planOpenings, streamIndexOf } from './openings.ts';

/** A hop as planning sees it: what it can do, and the addresses that it said it has. */
export interface PlannedHop {
  readonly gatewayId: string;
  readonly traits: Traits;
  readonly addresses: GatewayAddresses;
}

/** Where a path's hops come among those of its session. */
export interface PathPlace {
  readonly sessionId: string;
  /** The session's hop that the device is behind. */
  readonly firstHop: number;
}

/**
 * One opening for each stream on each hop of one home's path, outward from the device, without an end; ports that a hop
 * translates to are left open. {@link joinHops} makes each hop lead to the one before it, once those are chosen.
 */
export function planHops(
  { sessionId, firstHop }: PathPlace,
  request: ContentRequest,
  hops: readonly PlannedHop[],
): readonly (readonly PlannedOpening[])[] | Refusal {
  const astray = checkWholePath(request, hops);
  if (astray) return astray;
  const [first, ...further] = hops;
  if (!first) return [];
  const device = planOpenings({ sessionId, hop: firstHop }, request, first);
  if ('code' in device) return device;
  const plans = [device];
  let inner = first;
  let before = device;
  for (const [index, hop] of further.entries()) {
    const outward = outerAddress(inner, hop.addresses);
    const openings: PlannedOpening[] = [];
    for (const [stream, opening] of before.entries()) {
      const translated = isTranslated(inner.traits, familyOf(opening.remote.address));
      const target = translated ? outward : opening.local.address;
      if (target === undefined) return targetUnknown(inner, hop, translated);
      const wrong = checkTarget(target, hop.addresses);
      if (wrong) return between(inner, hop, wrong);
      const id = openingId(sessionId, firstHop + index + 1, before.length, stream);
      openings.push(atHop(opening, target, hop, request, id));
    }
    plans.push(openings);
    inner = hop;
    before = openings;
  }
  return plans;
}

/** The openings of a path with the ports that were chosen: each hop leads to where the one before it lets in. */
export function joinHops(
  plans: readonly (readonly PlannedOpening[])[],
  hops: readonly PlannedHop[],
): readonly (readonly PlannedOpening[])[] {
  const joined: (readonly PlannedOpening[])[] = [];
  for (const [index, plan] of plans.entries()) {
    const inner = joined.at(-1);
    const traits = hops[index]?.traits;
    joined.push(
      plan.map((opening, stream) => {
        const port = inner?.[stream]?.globalPort ?? opening.local.port;
        const passes = traits && !isTranslated(traits, familyOf(opening.remote.address));
        return { ...opening, ...(passes && { globalPort: port }), local: { ...opening.local, port } };
      }),
    );
  }
  return joined;
}

/**
 * Where the other end of each stream of a path sends to; undefined where a port is still to be picked. IPv4: the address
 * that the request was seen from. IPv6: the device's own.
 */
export function entriesOf(
  request: ContentRequest,
  openings: readonly PlannedOpening[],
): readonly { readonly address: IpAddress; readonly port: Port }[] | undefined {
  const entries = openings.flatMap(({ globalPort, local, remote }) => {
    const address = familyOf(remote.address) === 6 ? local.address : request.flow.observed.address;
    return globalPort === undefined || address === undefined ? [] : [{ address, port: globalPort }];
  });
  return entries.length === openings.length ? entries : undefined;
}

/** The outermost hop that translates must be where the request was seen to come from; the device must be in its home. */
function checkWholePath(request: ContentRequest, hops: readonly PlannedHop[]): Refusal | undefined {
  const { flow, streams } = request;
  const seen =
    familyOf(flow.observed.address) === 4 ? hops.findLast(({ traits }) => traits.translates !== false) : hops[0];
  const [first] = hops;
  if (!seen) {
    // Nobody translates: the device itself was seen.
    return first && checkTarget(flow.observed.address, first.addresses);
  }
  const findsDevice = first?.traits.findsDevice ?? false;
  return checkPath(flow, seen.addresses, { streams, findsDevice });
}

/** The address of a translating hop that the hop in front of it has in a network of its own. */
function outerAddress({ addresses }: PlannedHop, outer: GatewayAddresses): IpAddress | undefined {
  return addresses.global.find(
    (address) => familyOf(address) === 4 && outer.local.some((prefix) => prefixContains(prefix, address)),
  );
}

/** The same opening one hop further out. What the device signed is for the gateway that sees the device. */
function atHop(
  opening: PlannedOpening,
  target: IpAddress,
  { traits }: PlannedHop,
  { flow, streams }: ContentRequest,
  id: string,
): PlannedOpening {
  const { consent: _, flow: _inner, globalPort: _port, portGroup: _group, ...rest } = opening;
  const { port } = opening.local;
  const stream = streams[streamIndexOf(id, streams.length)];
  const ports =
    isTranslated(traits, familyOf(opening.remote.address)) && opening.streamType !== 'esp'
      ? stream && groupOf(stream, streams)
      : { globalPort: port };
  return { ...rest, id, ...(traits.findsDevice && { flow }), ...ports, local: { address: target, port } };
}

function targetUnknown(inner: PlannedHop, outer: PlannedHop, translated: boolean): Refusal {
  if (!translated)
    return refuse(
      'local-address-needed',
      `the stream crosses ${inner.gatewayId} and ${outer.gatewayId}, and the outer one cannot find the device; name its local address`,
    );
  return refuse(
    'path-mismatch',
    `${inner.gatewayId} is registered behind ${outer.gatewayId}, and has no address in a network of that one; correct what it is behind`,
    inner.gatewayId,
  );
}

function between(inner: PlannedHop, outer: PlannedHop, { message }: Refusal): Refusal {
  return refuse('path-mismatch', `${inner.gatewayId} cannot be reached through ${outer.gatewayId}: ${message}`);
}
