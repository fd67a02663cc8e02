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
import { streamIndexOf } from '../planning/openings.ts';
import { mayBeLeft, ofSession } from './closing.ts';
import type { LiveHop, LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** What one gateway made of its part. `clean`: nothing of the session can be left there. */
export type HopAsked = Granted | HopRefused;

/** A gateway holds all that it was asked for. */
export interface Granted {
  readonly kind: 'granted';
  readonly openings: readonly GrantedOpening[];
}

/** A gateway holds nothing of it, or that is not known to be so. */
export interface HopRefused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
  readonly clean: boolean;
}

/** What asking every gateway of a path came to. */
export type Asked =
  | {
      readonly kind: 'held';
      /** By hop. */
      readonly openings: readonly (readonly GrantedOpening[])[];
      readonly holding: Holding;
      /** When the session ends where nobody takes it: a gateway may have made the lease a longer one. */
      readonly until: Instant;
    }
  | HopRefused;

/** The addresses that a hop's gateway has now. */
export async function readHop({ link }: LiveHop, signal: AbortSignal): Promise<GatewayAddresses | Refusal> {
  try {
    return await link.readAddresses(signal);
  } catch (error) {
    return error instanceof TimedOut ? silent(link.gateway.gatewayId) : notConnected(link.gateway.gatewayId, error);
  }
}

/** Asks one gateway for the session's openings there, all or none, looks where its word is not enough, and takes back what is not as asked. */
export async function askHop(
  w: Workings,
  live: LiveSession,
  hop: LiveHop,
  openings: readonly Opening[],
  addresses: GatewayAddresses,
  signal: AbortSignal,
): Promise<HopAsked> {
  const { link } = hop;
  const traits = live.traitsOf(hop);
  live.noteAt(hop, w.clock.now(), 'asking-gateway', `${openings.length} openings`);
  holdUntil(hop, openings);
  const { outcome, granted } = await link.apply({ open: openings }, signal);
  if (outcome.kind === 'refused') {
    live.noteAt(hop, w.clock.now(), 'gateway-refused', outcome.refusal.message);
    return no(forPeople(live, outcome.refusal), await takenBack(hop, granted, signal));
  }
  let held = granted;
  let left = granted;
  holdUntil(hop, granted);
  const seen = outcome.kind === 'applied' && (outcome.seen || traits.ackMeansHeld);
  if (!seen) {
    if (outcome.kind === 'unknown') live.noteAt(hop, w.clock.now(), 'answer-lost', outcome.reason);
    const observed = await link.observe(believed(openings, granted), signal);
    if (!observed) return no(silent(link.gateway.gatewayId), false);
    held = ofSession(live, hop, observed);
    left = mayBeLeft(live, hop, observed);
    holdUntil(hop, held);
    live.noteAt(hop, w.clock.now(), 'looked', `${held.length} of ${openings.length} openings are there`);
  }
  const fault = faultOfGrant(openings, held, { addresses, traits: link.traits });
  if (fault === undefined) return { kind: 'granted', openings: held };
  const refusal =
    outcome.kind === 'unknown'
      ? silent(link.gateway.gatewayId)
      : refuse(
          isElsewhere(openings, held) ? 'port-in-use' : 'gateway-refused',
          `the gateway did not grant what was asked (${fault}); nothing was opened`,
        );
  live.noteAt(hop, w.clock.now(), 'not-as-asked', fault);
  return no(refusal, await takenBack(hop, left, signal));
}

/** Whether nothing of what a gateway granted is left there, after one try to take it back. */
export async function takenBack(
  { link }: LiveHop,
  openings: readonly GrantedOpening[],
  signal: AbortSignal,
): Promise<boolean> {
  if (openings.length === 0) return true;
  // The last first: where one stays, what it was the second half of is gone no sooner.
  return (await link.apply({ close: openings.toReversed() }, signal)).outcome.kind === 'applied';
}

/** A gateway did not answer. */
export function silent(gatewayId: string): Refusal {
  return refuse(
    'gateway-silent',
    `the gateway ${gatewayId} did not answer in time; nothing stays open, ask again with a new request id`,
  );
}

/** The first of some openings that ends. */
export function endOf(openings: readonly Opening[]): Instant {
  return Math.min(...openings.map(({ until }) => until));
}

function holdUntil(hop: LiveHop, openings: readonly Opening[]): void {
  hop.heldUntil = Math.max(hop.heldUntil, ...openings.map(({ until }) => until));
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

function no(refusal: Refusal, clean: boolean): HopRefused {
  return { kind: 'refused', refusal, clean };
}

/** A gateway speaks of openings, people of streams. */
function forPeople({ id, request }: LiveSession, { code, message, subject }: Refusal): Refusal {
  const ours = subject?.startsWith(`${id}-`) ? subject : undefined;
  const stream = ours === undefined ? undefined : request.streams[streamIndexOf(ours, request.streams.length)];
  return refuse(code, message, stream?.id ?? subject);
}
