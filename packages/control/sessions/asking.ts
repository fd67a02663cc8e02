import {
  type GatewayAddresses,
  type GrantedOpening,
  type Holding,
  type Instant,
  type Opening,
  type Refusal,
  refuse,
} from '@sluice/model';
import { TimedOut } from '../bounded.ts';
import { notConnected } from '../gateways/link.ts';
import { faultOfGrant, isElsewhere } from '../planning/granted.ts';
import { checkHolding, heldBy, heldLess, holdingOf } from '../planning/holding.ts';
import { fullLeaseMs, leaseEnd } from '../planning/lease.ts';
import { planOpenings } from '../planning/openings.ts';
import { checkTraits } from '../planning/traits.ts';
import { mayBeLeft, ofSession } from './closing.ts';
import type { LiveSession } from './live.ts';
import { PortChoice } from './port-choice.ts';
import type { Workings } from './workings.ts';

/** What asking the gateway came to. `clean`: nothing of the session can be left there. */
export type Asked =
  | {
      readonly kind: 'held';
      readonly openings: readonly GrantedOpening[];
      readonly holding: Holding;
      /** When the session ends where nobody takes it: a gateway may have made the lease a longer one. */
      readonly until: Instant;
    }
  | Refused;

type Refused = { readonly kind: 'refused'; readonly refusal: Refusal; readonly clean: boolean };

/** Asks the gateway for every opening of a session, all or none, with the provisional lease. Heeds `signal`. */
export async function askGateway(w: Workings, live: LiveSession, signal: AbortSignal): Promise<Asked> {
  let addresses: GatewayAddresses;
  try {
    addresses = await live.link.readAddresses(signal);
  } catch (error) {
    return no(error instanceof TimedOut ? silent(live) : notConnected(live.session.gatewayId, error));
  }
  // Now that it was spoken to, more may be known of what it can do.
  const weaker = checkTraits(live.request, live.link.traits, w.settings.weaker);
  if (weaker) return no(weaker);
  const plan = planOpenings(live.id, live.request, addresses, live.traits, provisionalEnd(w, live));
  if ('code' in plan) return no(plan);
  const ports = new PortChoice(w, live, plan);
  for (let tries = 1; ; tries++) {
    const openings = await ports.next(signal);
    if ('code' in openings) return no(openings);
    const asked = await askOnce(w, live, asAsked(w, withLease(openings, provisionalEnd(w, live))), addresses, signal);
    const another = asked.kind === 'refused' && asked.refusal.code === 'port-in-use' && asked.clean;
    if (another && ports.mayTryAgain && tries < w.settings.portTries && !signal.aborted) continue;
    return asked.kind === 'granted' ? verify(w, live, asked.openings, signal) : asked;
  }
}

async function askOnce(
  w: Workings,
  live: LiveSession,
  openings: readonly Opening[],
  addresses: GatewayAddresses,
  signal: AbortSignal,
): Promise<Granted | Refused> {
  const { link } = live;
  live.note(w.clock.now(), 'asking-gateway', `${openings.length} openings`);
  live.heldUntil = Math.max(live.heldUntil, ...openings.map(({ until }) => until));
  const { outcome, granted } = await link.apply({ open: openings }, signal);
  if (outcome.kind === 'refused') {
    live.note(w.clock.now(), 'gateway-refused', outcome.refusal.message);
    return no(forPeople(live, outcome.refusal), await takenBack(live, granted, signal));
  }
  let held = granted;
  let left = granted;
  live.heldUntil = Math.max(live.heldUntil, ...granted.map(({ until }) => until));
  const seen = outcome.kind === 'applied' && (outcome.seen || live.traits.ackMeansHeld);
  if (!seen) {
    if (outcome.kind === 'unknown') live.note(w.clock.now(), 'answer-lost', outcome.reason);
    const observed = await link.observe(believed(openings, granted), signal);
    if (!observed) return no(silent(live), false);
    held = ofSession(live, observed);
    left = mayBeLeft(live, observed);
    live.heldUntil = Math.max(live.heldUntil, ...held.map(({ until }) => until));
    live.note(w.clock.now(), 'looked', `${held.length} of ${openings.length} openings are there`);
  }
  const fault = faultOfGrant(openings, held, addresses);
  if (fault === undefined) return { kind: 'granted', openings: held };
  const refusal =
    outcome.kind === 'unknown'
      ? silent(live)
      : refuse(
          isElsewhere(openings, held) ? 'port-in-use' : 'gateway-refused',
          `the gateway did not grant what was asked (${fault}); nothing was opened`,
        );
  live.note(w.clock.now(), 'not-as-asked', fault);
  return no(refusal, await takenBack(live, left, signal));
}

interface Granted {
  readonly kind: 'granted';
  readonly openings: readonly GrantedOpening[];
}

/** How tightly the openings are held: as the type can, as the gateway says of each, as packets show. What is too weak is taken back. */
async function verify(
  w: Workings,
  live: LiveSession,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<Asked> {
  const byType = heldBy(live.traits);
  const { weaker } = w.settings;
  const said = checkHolding(live.request, heldLess(byType, openings, undefined), weaker);
  if (said) return no(said, await takenBack(live, openings, signal));
  const asked = { gateway: live.link.gateway, request: live.request, openings };
  const probes = live.traits.ackMeansHeld ? undefined : await w.probe?.(asked, signal);
  if (probes) live.note(w.clock.now(), 'probed', Object.entries(probes).join(', ').replaceAll(',', ' '));
  const held = heldLess(byType, openings, probes);
  const wrong = probes?.fromServer === 'not-seen' ? nothingCame(live) : checkHolding(live.request, held, weaker);
  if (wrong) return no(wrong, await takenBack(live, openings, signal));
  const now = w.clock.now();
  const meantMs = Math.min(w.settings.provisionalLeaseMs, w.settings.leaseMs);
  const rareMs = live.traits.renewalDisturbs ? fullLeaseMs(w.settings, live.traits) : undefined;
  const holding = holdingOf(held, openings, probes, { now, meantMs, rareMs });
  const until = Math.min(endOf(openings), now + meantMs, live.session.endsAt);
  const lengthened = await lengthen(w, live, openings, signal);
  if (lengthened.kind === 'refused') return lengthened;
  const isLate = lengthened.openings !== openings && !live.traits.renewalDisturbs;
  return { kind: 'held', openings: lengthened.openings, holding, until: isLate ? endOf(lengthened.openings) : until };
}

/**
 * A verdict that took long has little of its provisional lease left: the full one is asked for before it is given. So it
 * is where a renewal costs packets: nothing is sent yet.
 */
async function lengthen(
  w: Workings,
  live: LiveSession,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<Granted | Refused> {
  const now = w.clock.now();
  const end = endOf(openings);
  const { traits } = live;
  const fullMs = fullLeaseMs(w.settings, traits);
  const enoughMs = traits.renewalDisturbs && traits.lease ? fullMs / 2 : w.settings.provisionalLeaseMs / 2;
  if (end - now >= enoughMs || end >= live.session.endsAt) return { kind: 'granted', openings };
  const until = leaseEnd(now, fullMs, traits, live.session.endsAt);
  live.heldUntil = Math.max(live.heldUntil, until);
  const { outcome } = await live.link.apply({ renew: openings.map((opening) => ({ opening, until })) }, signal);
  if (outcome.kind === 'applied') {
    const why = traits.renewalDisturbs ? 'nothing is sent yet' : 'which took long';
    live.note(w.clock.now(), 'renewed', `before the verdict: ${why}`);
    return { kind: 'granted', openings: withLease(openings, until) };
  }
  return no(silent(live), await takenBack(live, openings, signal));
}

async function takenBack(
  live: LiveSession,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<boolean> {
  if (openings.length === 0) return true;
  // The last first: where one stays, what it was the second half of is gone no sooner.
  return (await live.link.apply({ close: openings.toReversed() }, signal)).outcome.kind === 'applied';
}

function provisionalEnd(w: Workings, live: LiveSession): number {
  const { provisionalLeaseMs, leaseMs } = w.settings;
  return leaseEnd(w.clock.now(), Math.min(provisionalLeaseMs, leaseMs), live.traits, live.session.endsAt);
}

function endOf(openings: readonly Opening[]): Instant {
  return Math.min(...openings.map(({ until }) => until));
}

/** What the deployment lets each opening lack goes with it: a driver may fall back to it, and says so. */
function asAsked(w: Workings, openings: readonly Opening[]): readonly Opening[] {
  const { weaker } = w.settings;
  return weaker.length === 0 ? openings : openings.map((opening) => ({ ...opening, mayLack: weaker }));
}

function withLease<T extends Opening>(openings: readonly T[], until: number): readonly T[] {
  return openings.map((opening) => ({ ...opening, until }));
}

/** What a type that cannot list is asked about: what it granted, and what can be named without its answer. */
function believed(openings: readonly Opening[], granted: readonly GrantedOpening[]): readonly GrantedOpening[] {
  const known = new Set(granted.map(({ id }) => id));
  const named = openings.flatMap((opening) => {
    const { id, globalPort, local } = opening;
    if (known.has(id) || globalPort === undefined || local.address === undefined) return [];
    const device = { address: local.address, port: local.port };
    return [{ ...opening, globalPort, local: device, global: { address: local.address, port: globalPort } }];
  });
  return [...granted, ...named];
}

function no(refusal: Refusal, clean = true): Refused {
  return { kind: 'refused', refusal, clean };
}

function nothingCame({ session }: LiveSession): Refusal {
  return refuse(
    'probe-lost',
    `the gateway ${session.gatewayId} said that it opened, and a packet from the server did not arrive; nothing stays open`,
  );
}

function silent(live: LiveSession): Refusal {
  return refuse(
    'gateway-silent',
    `the gateway ${live.session.gatewayId} did not answer in time; nothing stays open, ask again with a new request id`,
  );
}

/** A gateway speaks of openings, people of streams. */
function forPeople(live: LiveSession, { code, message, subject }: Refusal): Refusal {
  const stream = live.request.streams[live.openingIds.indexOf(subject ?? '')];
  return refuse(code, message, stream?.id ?? subject);
}
