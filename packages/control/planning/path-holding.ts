import {
  type ContentRequest,
  familyOf,
  type Held,
  type PromiseName,
  promiseNames,
  type Refusal,
  refuse,
  type Traits,
  traitsFor,
} from '@sluice/model';
import { checkHolding, heldBy } from './holding.ts';
import { checkFamilies } from './traits.ts';

/** What one hop that keeps it keeps for the whole path: a packet must pass every hop. */
const enoughAtOne: ReadonlySet<PromiseName> = new Set([
  'remoteAddress',
  'remotePort',
  'streamType',
  'revokeStopsRunning',
]);

/** What a path of hops keeps of each promise. */
export function heldAlong(hops: readonly Held[]): Held {
  const held = promiseNames.map((name) => [
    name,
    enoughAtOne.has(name) ? hops.some((hop) => hop[name]) : hops.every((hop) => hop[name]),
  ]);
  return Object.fromEntries(held) as Record<PromiseName, boolean>;
}

/**
 * Who sends is looked at by the gateways from this one on outward, and by none further in: whoever stands in between is
 * not kept out. A sentence, where that is so.
 */
export function openFromBetween(
  hops: readonly { readonly gatewayId: string; readonly held: Held }[],
): string | undefined {
  const keeper = hops.findIndex(({ held }) => held.remoteAddress);
  const nearest = hops[0]?.gatewayId;
  if (keeper <= 0) return undefined;
  return `of the gateways in a row only ${hops[keeper]?.gatewayId} keeps out who is not the server: anyone between it and ${nearest} may send to the open ports`;
}

/** What is kept in both homes of a call. */
export function heldInAll(homes: readonly Held[]): Held {
  const held = promiseNames.map((name) => [name, homes.every((home) => home[name])]);
  return Object.fromEntries(held) as Record<PromiseName, boolean>;
}

/** What the hop at `index` may lack: what the deployment lets every opening lack, and what another hop of its path keeps. */
export function mayLackAt(
  index: number,
  hops: readonly Held[],
  weaker: readonly PromiseName[],
): readonly PromiseName[] {
  const others = hops.filter((_, other) => other !== index);
  return promiseNames.filter(
    (name) => weaker.includes(name) || (enoughAtOne.has(name) && others.some((hop) => hop[name])),
  );
}

/**
 * What the gateways of one home's path cannot hold together as tightly as the request needs, nor as the deployment's
 * policy lets it be weaker by name (`mayLack`): refused before a packet is sent, never widened in silence.
 */
export function checkTraits(
  request: ContentRequest,
  hops: readonly Traits[],
  mayLack: readonly PromiseName[],
): Refusal | undefined {
  for (const [index, traits] of hops.entries()) {
    // Only the hop that the device is behind can be asked to find it.
    const no = checkFamilies(request, index === 0 ? traits : { ...traits, findsDevice: true });
    if (no) return no;
  }
  // The one that is told last knows not whether the others hold.
  if (request.start && !(hops.length === 1 && hops[0]?.startsMedia))
    return refuse(
      'trait-missing',
      'no gateway on this path can tell the media server to start; have the portal tell it',
    );
  for (const family of new Set(request.streams.map(({ remote }) => familyOf(remote.address)))) {
    const no = checkHolding(request, heldAlong(hops.map((traits) => heldBy(traitsFor(traits, family)))), mayLack);
    if (no) return no;
  }
  return undefined;
}
