import { type GrantedOpening, type Held, type Instant, type ProbeFindings, type Refusal, refuse } from '@sluice/model';
import { checkHolding, heldBy, heldLess, holdingOf } from '../planning/holding.ts';
import { fullLeaseMs, leaseEnd } from '../planning/lease.ts';
import { heldAlong, heldInAll, openFromBetween } from '../planning/path-holding.ts';
import { type Asked, endOf, type HopAsked, silent, takenBack } from './asking-hop.ts';
import type { LiveHop, LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** How tightly the openings are held: as the types can, as the gateways say of each, as packets show. What is too weak is taken back. */
export async function verify(
  w: Workings,
  live: LiveSession,
  openings: readonly (readonly GrantedOpening[])[],
  signal: AbortSignal,
): Promise<Asked> {
  const said = checkHeld(w, live, openings, undefined);
  if ('code' in said) return refused(live, said, openings, signal);
  const probes = await tryPackets(w, live, openings, signal);
  if (probes) live.note(w.clock.now(), 'probed', Object.entries(probes).join(', ').replaceAll(',', ' '));
  const held = probes?.fromServer === 'not-seen' ? nothingCame(live) : checkHeld(w, live, openings, probes);
  if ('code' in held) return refused(live, held, openings, signal);
  const now = w.clock.now();
  const meantMs = Math.min(w.settings.provisionalLeaseMs, w.settings.leaseMs);
  const disturbed = live.hops.filter((hop) => live.traitsOf(hop).renewalDisturbs);
  const rareMs = disturbed.length > 0 ? Math.max(...disturbed.map((hop) => fullMs(w, live, hop))) : undefined;
  const all = openings.flat();
  const holding = holdingOf(held, all, probes, { now, meantMs, rareMs });
  const notes = [...holding.notes, ...betweenNotes(live, openings)];
  const until = Math.min(endOf(all), now + meantMs, live.session.endsAt);
  const lengthened = await Promise.all(
    live.hops.map((hop) => lengthen(w, live, hop, openings[hop.index] ?? [], signal)),
  );
  const failed = lengthened.find((each) => each.kind === 'refused');
  if (failed) return refused(live, failed.refusal, openings, signal);
  const lasting = lengthened.map((each) => (each.kind === 'granted' ? each.openings : []));
  const isLate = live.hops.some(
    (hop) => lasting[hop.index] !== openings[hop.index] && !live.traitsOf(hop).renewalDisturbs,
  );
  return {
    kind: 'held',
    openings: lasting,
    holding: { ...holding, notes },
    until: isLate ? endOf(lasting.flat()) : until,
  };
}

/** What is held in each home, and what of it the deployment does not let be as weak as it is. */
function checkHeld(
  w: Workings,
  live: LiveSession,
  openings: readonly (readonly GrantedOpening[])[],
  probes: ProbeFindings | undefined,
): Held | Refusal {
  const homes: Held[] = [];
  for (const hops of heldByHop(live, openings)) {
    // What packets showed is true of the whole way.
    const held = heldLess(heldAlong(hops.map((hop) => hop.held)), [], probes);
    const no = checkHolding(live.request, held, w.settings.weaker);
    if (no) return no;
    homes.push(held);
  }
  return heldInAll(homes);
}

/** What each gateway holds, home by home, outward from the device. */
function heldByHop(live: LiveSession, openings: readonly (readonly GrantedOpening[])[]) {
  const sides = live.session.peer ? (['own', 'peer'] as const) : (['own'] as const);
  return sides.map((side) =>
    live.path(side).map((hop) => ({
      gatewayId: hop.link.gateway.gatewayId,
      held: heldLess(heldBy(live.traitsOf(hop)), openings[hop.index] ?? [], undefined),
    })),
  );
}

function betweenNotes(live: LiveSession, openings: readonly (readonly GrantedOpening[])[]): string[] {
  return heldByHop(live, openings).flatMap((hops) => openFromBetween(hops) ?? []);
}

/**
 * Packets from the server tell what a gateway's word does not; a call has no server that could send them. They are sent at
 * the outermost hop and reach the device through every one.
 */
async function tryPackets(
  w: Workings,
  live: LiveSession,
  openings: readonly (readonly GrantedOpening[])[],
  signal: AbortSignal,
): Promise<ProbeFindings | undefined> {
  const [first] = live.hops;
  const last = live.hops.at(-1);
  if (!first || !last || live.session.peer || live.hops.every((hop) => live.traitsOf(hop).ackMeansHeld))
    return undefined;
  const entries = openings[last.index] ?? [];
  const reached = (openings[first.index] ?? []).map((opening, stream) => {
    const { global, globalPort } = entries[stream] ?? opening;
    return { ...opening, global, globalPort };
  });
  return w.probe?.({ gateway: first.link.gateway, request: live.request, openings: reached }, signal);
}

/**
 * A verdict that took long has little of its provisional lease left: the full one is asked for before it is given. So it
 * is where a renewal costs packets: nothing is sent yet.
 */
async function lengthen(
  w: Workings,
  live: LiveSession,
  hop: LiveHop,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<HopAsked> {
  const now = w.clock.now();
  const end = endOf(openings);
  const traits = live.traitsOf(hop);
  const enoughMs =
    traits.renewalDisturbs && traits.lease ? fullMs(w, live, hop) / 2 : w.settings.provisionalLeaseMs / 2;
  if (end - now >= enoughMs || end >= live.session.endsAt) return { kind: 'granted', openings };
  const until = leaseEnd(now, fullMs(w, live, hop), traits, live.session.endsAt);
  hop.heldUntil = Math.max(hop.heldUntil, until);
  const { outcome } = await hop.link.apply({ renew: openings.map((opening) => ({ opening, until })) }, signal);
  if (outcome.kind === 'applied') {
    const why = traits.renewalDisturbs ? 'nothing is sent yet' : 'which took long';
    live.noteAt(hop, w.clock.now(), 'renewed', `before the verdict: ${why}`);
    return { kind: 'granted', openings: openings.map((opening) => ({ ...opening, until })) };
  }
  return { kind: 'refused', refusal: silent(hop.link.gateway.gatewayId), clean: false };
}

async function refused(
  live: LiveSession,
  refusal: Refusal,
  openings: readonly (readonly GrantedOpening[])[],
  signal: AbortSignal,
): Promise<Asked> {
  const cleaned = await Promise.all(
    live.hops.map(async (hop) => {
      hop.cleared = await takenBack(hop, openings[hop.index] ?? [], signal);
      return hop.cleared;
    }),
  );
  return { kind: 'refused', refusal, clean: cleaned.every((each) => each) };
}

function fullMs(w: Workings, live: LiveSession, hop: LiveHop): Instant {
  return fullLeaseMs(w.settings, live.traitsOf(hop));
}

function nothingCame({ session }: LiveSession): Refusal {
  return refuse(
    'probe-lost',
    `the gateway ${session.gatewayId} said that it opened, and a packet from the server did not arrive; nothing stays open`,
  );
}
