import { type GatewayAddresses, type GrantedOpening, type Opening, type Refusal, refuse } from '@sluice/model';
import { TimedOut } from '../bounded.ts';
import { notConnected } from '../gateways/link.ts';
import { faultOfGrant } from '../planning/granted.ts';
import { leaseEnd } from '../planning/lease.ts';
import { planOpenings } from '../planning/openings.ts';
import { checkTraits } from '../planning/traits.ts';
import { mayBeLeft, ofSession } from './closing.ts';
import type { LiveSession } from './live.ts';
import { PortChoice } from './port-choice.ts';
import type { Workings } from './workings.ts';

/** What asking the gateway came to. `clean`: nothing of the session can be left there. */
export type Asked =
  | { readonly kind: 'held'; readonly openings: readonly GrantedOpening[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly clean: boolean };

/** Asks the gateway for every opening of a session, all or none, with the provisional lease. Heeds `signal`. */
export async function askGateway(w: Workings, live: LiveSession, signal: AbortSignal): Promise<Asked> {
  let addresses: GatewayAddresses;
  try {
    addresses = await live.link.readAddresses(signal);
  } catch (error) {
    return no(error instanceof TimedOut ? silent(live) : notConnected(live.session.gatewayId, error));
  }
  // Now that it was spoken to, more may be known of what it can do.
  const weaker = checkTraits(live.request, live.link.traits);
  if (weaker) return no(weaker);
  const plan = planOpenings(live.id, live.request, addresses, live.traits, provisionalEnd(w, live));
  if ('code' in plan) return no(plan);
  const ports = new PortChoice(w, live, plan);
  for (let tries = 1; ; tries++) {
    const openings = await ports.next(signal);
    if ('code' in openings) return no(openings);
    const asked = await askOnce(w, live, withLease(openings, provisionalEnd(w, live)), addresses, signal);
    const another = asked.kind === 'refused' && asked.refusal.code === 'port-in-use' && asked.clean;
    if (another && ports.mayTryAgain && tries < w.settings.portTries && !signal.aborted) continue;
    return asked.kind === 'held' ? lengthen(w, live, asked.openings, signal) : asked;
  }
}

async function askOnce(
  w: Workings,
  live: LiveSession,
  openings: readonly Opening[],
  addresses: GatewayAddresses,
  signal: AbortSignal,
): Promise<Asked> {
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
  if (outcome.kind === 'unknown' || !live.traits.ackMeansHeld) {
    if (outcome.kind === 'unknown') live.note(w.clock.now(), 'answer-lost', outcome.reason);
    const observed = await link.observe(believed(openings, granted), signal);
    if (!observed) return no(silent(live), false);
    held = ofSession(live, observed);
    left = mayBeLeft(live, observed);
    live.note(w.clock.now(), 'looked', `${held.length} of ${openings.length} openings are there`);
  }
  const fault = faultOfGrant(openings, held, addresses);
  if (fault === undefined) return { kind: 'held', openings: held };
  const refusal =
    outcome.kind === 'unknown'
      ? silent(live)
      : refuse('gateway-refused', `the gateway did not grant what was asked (${fault}); nothing was opened`);
  live.note(w.clock.now(), 'not-as-asked', fault);
  return no(refusal, await takenBack(live, left, signal));
}

/** A verdict that took long has little of its provisional lease left: the full one is asked for before it is given. */
async function lengthen(
  w: Workings,
  live: LiveSession,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<Asked> {
  const now = w.clock.now();
  const end = Math.min(...openings.map(({ until }) => until));
  if (end - now >= w.settings.provisionalLeaseMs / 2 || end >= live.session.endsAt) return { kind: 'held', openings };
  const until = leaseEnd(now, w.settings.leaseMs, live.traits, live.session.endsAt);
  live.heldUntil = Math.max(live.heldUntil, until);
  const { outcome } = await live.link.apply({ renew: openings.map((opening) => ({ opening, until })) }, signal);
  if (outcome.kind === 'applied') {
    live.note(w.clock.now(), 'renewed', 'before the verdict, which took long');
    return { kind: 'held', openings: withLease(openings, until) };
  }
  return no(silent(live), await takenBack(live, openings, signal));
}

async function takenBack(
  live: LiveSession,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<boolean> {
  if (openings.length === 0) return true;
  return (await live.link.apply({ close: openings }, signal)).outcome.kind === 'applied';
}

function provisionalEnd(w: Workings, live: LiveSession): number {
  const { provisionalLeaseMs, leaseMs } = w.settings;
  return leaseEnd(w.clock.now(), Math.min(provisionalLeaseMs, leaseMs), live.traits, live.session.endsAt);
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

function no(refusal: Refusal, clean = true): Asked {
  return { kind: 'refused', refusal, clean };
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
