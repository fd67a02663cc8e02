import {
  type ContentRequest,
  familyOf,
  type GatewayAddresses,
  type GrantedOpening,
  type Instant,
  type Opening,
  type Refusal,
  traitsFor,
} from '@sluice/model';
import { heldBy } from '../planning/holding.ts';
import { joinHops, type PlannedHop, planHops } from '../planning/hops.ts';
import { leaseEnd } from '../planning/lease.ts';
import type { PlannedOpening } from '../planning/openings.ts';
import { checkTraits, mayLackAt } from '../planning/path-holding.ts';
import { type Asked, askHop, type HopAsked, type HopRefused, readHop, takenBack } from './asking-hop.ts';
import { connectParties, withToldPorts } from './calling.ts';
import type { LiveHop, LiveSession, Side } from './live.ts';
import { PortChoice } from './port-choice.ts';
import { verify } from './verifying.ts';
import type { Workings } from './workings.ts';

/**
 * Asks every gateway of a session's path for its openings, all or none, with the provisional lease: that holds them
 * everywhere before anything is promised. Heeds `signal`.
 */
export async function askPath(w: Workings, live: LiveSession, signal: AbortSignal): Promise<Asked> {
  const read = await Promise.all(live.hops.map((hop) => readHop(hop, signal)));
  const silent = read.find((answer) => 'code' in answer);
  if (silent) return no(silent);
  const addresses = read.flatMap((answer) => ('code' in answer ? [] : [answer]));
  // Now that they were spoken to, more may be known of what they can do.
  const weaker = checkHops(w, live);
  if (weaker) return no(weaker);
  const choice = choosePorts(w, live, addresses);
  if ('code' in choice) return no(choice);
  for (let tries = 1; ; tries++) {
    const openings = await choice.next(signal);
    if ('code' in openings) return no(openings);
    const asked = await askAll(w, live, openings, addresses, signal);
    if (asked.kind === 'granted') return verify(w, live, asked.openings, signal);
    const another = asked.refusal.code === 'port-in-use' && asked.clean && !asked.spent;
    if (another && choice.mayTryAgain && tries < w.settings.portTries && !signal.aborted) continue;
    return asked;
  }
}

/** What the gateways on a session's path, as far as they are known, cannot hold. */
export function checkHops(w: Workings, live: LiveSession): Refusal | undefined {
  for (const request of live.requests) {
    const hops = live.path(request === live.request ? 'own' : 'peer');
    const no = checkTraits(
      request,
      hops.map(({ link }) => link.traits),
      w.settings.weaker,
    );
    if (no) return no;
  }
  return undefined;
}

/** The openings of a session with their ports, hop by hop; again where a port was taken. */
interface PathChoice {
  /** Whether another choice may do better. */
  readonly mayTryAgain: boolean;
  next(signal: AbortSignal): Promise<readonly (readonly PlannedOpening[])[] | Refusal>;
}

function choosePorts(w: Workings, live: LiveSession, addresses: readonly GatewayAddresses[]): PathChoice | Refusal {
  const homes: {
    readonly side: Side;
    readonly hops: readonly PlannedHop[];
    readonly choices: readonly PortChoice[];
  }[] = [];
  for (const side of sidesOf(live)) {
    const path = live.path(side);
    const request = requestOn(live, side);
    const hops = path.map(({ index, link }) => ({
      gatewayId: link.gateway.gatewayId,
      traits: traitsFor(link.traits, familyOf(request.flow.observed.address)),
      addresses: addresses[index] ?? { global: [], local: [], own: [] },
    }));
    const plans = planHops({ sessionId: live.id, firstHop: path[0]?.index ?? 0 }, request, hops);
    if ('code' in plans) return plans;
    const choices = path.map((hop, index) => {
      const isOutermost = index === plans.length - 1;
      const plan = plans[index] ?? [];
      // The hop in front of it, or the other party, must know the ports before any gateway is asked.
      const mayPick = isOutermost && live.session.peer === undefined;
      return new PortChoice(w, live, hop, isOutermost ? withToldPorts(live, side, plan) : plan, mayPick);
    });
    homes.push({ side, hops, choices });
  }
  return {
    get mayTryAgain() {
      return homes.some(({ choices }) => choices.some(({ mayTryAgain }) => mayTryAgain));
    },
    async next(signal) {
      const chosen: (readonly (readonly PlannedOpening[])[])[] = [];
      for (const { hops, choices } of homes) {
        const plans = await Promise.all(choices.map((choice) => choice.next(signal)));
        const none = plans.find((plan) => 'code' in plan);
        if (none) return none;
        const known = plans.flatMap((plan) => ('code' in plan ? [] : [plan]));
        chosen.push(joinHops(known, hops));
      }
      return connectParties(live, chosen);
    },
  };
}

type AllAsked =
  | { readonly kind: 'granted'; readonly openings: readonly (readonly GrantedOpening[])[] }
  | (HopRefused & { readonly spent?: true });

/** Every gateway at once; what some granted is taken back where another did not. */
async function askAll(
  w: Workings,
  live: LiveSession,
  openings: readonly (readonly PlannedOpening[])[],
  addresses: readonly GatewayAddresses[],
  signal: AbortSignal,
): Promise<AllAsked> {
  const asked = await Promise.all(
    live.hops.map((hop, index): Promise<HopAsked> => {
      const until = provisionalEnd(w, live, hop);
      const lacking = lackingAt(w, live, hop);
      const wished = (openings[index] ?? []).map((opening) => ({ ...opening, until, ...lacking }));
      const own = addresses[index] ?? { global: [], local: [], own: [] };
      return askHop(w, live, hop, wished, own, signal);
    }),
  );
  const granted = asked.map((each) => (each.kind === 'granted' ? each.openings : []));
  // A port that is taken can be chosen anew: any other reason counts before it.
  const refusals = asked.filter((each) => each.kind === 'refused');
  const first = refusals.find(({ refusal }) => refusal.code !== 'port-in-use') ?? refusals[0];
  if (!first) return { kind: 'granted', openings: granted };
  const spent = live.hops.some((hop, index) => (granted[index]?.length ?? 0) > 0 && isSigned(live, hop));
  const cleaned = await Promise.all(
    live.hops.map(async (hop, index) => {
      const each = asked[index];
      hop.cleared = each?.kind === 'refused' ? each.clean : await takenBack(hop, granted[index] ?? [], signal);
      return hop.cleared;
    }),
  );
  // What a device signed opens once: after it was taken back, only a new request can ask again.
  return { ...first, clean: cleaned.every((each) => each), ...(spent && { spent: true as const }) };
}

/** What the deployment, or another hop, lets each opening lack goes with it: a driver may fall back to it, and says so. */
function lackingAt(w: Workings, live: LiveSession, hop: LiveHop): Pick<Opening, 'mayLack'> {
  const path = live.path(hop.side);
  const held = path.map((each) => heldBy(live.traitsOf(each)));
  const mayLack = mayLackAt(path.indexOf(hop), held, w.settings.weaker);
  return mayLack.length === 0 ? {} : { mayLack };
}

function isSigned(live: LiveSession, hop: LiveHop): boolean {
  return live.requestOf(hop).consent !== undefined && live.path(hop.side)[0] === hop;
}

function sidesOf({ session }: LiveSession): readonly Side[] {
  return session.peer ? ['own', 'peer'] : ['own'];
}

function requestOn({ session }: LiveSession, side: Side): ContentRequest {
  return (side === 'peer' ? session.peer : undefined) ?? session.request;
}

function provisionalEnd(w: Workings, live: LiveSession, hop: LiveHop): Instant {
  const { provisionalLeaseMs, leaseMs } = w.settings;
  return leaseEnd(w.clock.now(), Math.min(provisionalLeaseMs, leaseMs), live.traitsOf(hop), live.session.endsAt);
}

function no(refusal: Refusal, clean = true): HopRefused {
  return { kind: 'refused', refusal, clean };
}
