import type { Driver, GatewaySession } from '@sluice/driver';
import {
  type Clock,
  type ConfigurationChange,
  type Gateway,
  type GrantedOpening,
  type Opening,
  type Outcome,
  type Refusal,
  refuse,
} from '@sluice/model';
import type { OwnRequests } from './own-requests.ts';

/** A gateway that is spoken to. */
interface Speaking {
  readonly driver: Driver;
  readonly session: GatewaySession;
  readonly gateway: Gateway;
}

type Change = Pick<ConfigurationChange, 'open' | 'renew' | 'close'>;

/**
 * Makes a change at the home's gateway, all of it or nothing: what was opened is taken back where a later step is refused.
 * What was opened is looked at before it is called done. Only what this device asked for is opened.
 */
export async function applyChange(
  speaking: Speaking,
  change: Change,
  requests: OwnRequests,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome> {
  for (const opening of change.open) {
    const refusal = requests.judge(opening);
    if (refusal) return { kind: 'refused', refusal };
  }
  for (const { id, local } of [...change.renew.map(({ opening }) => opening), ...change.close])
    if (!requests.isOwn(local.address))
      return refused(refuse('not-asked-for', `the opening ${id} leads to ${local.address}, not to this device`, id));
  const { outcome, granted } = await doSteps(speaking, change, clock, signal);
  if (outcome.kind === 'unknown') return outcome;
  if (outcome.kind === 'refused') return withdrawn(speaking, granted, change.open, outcome.refusal, clock, signal);
  if (change.open.length === 0) return outcome;
  const { driver, session } = speaking;
  const known = outcome.seen || (session.traits ?? driver.traits).ackMeansHeld;
  if (known) return { ...outcome, seen: true };
  const observed = await session.observe(granted, signal);
  const there = new Map(observed.ours.map(({ opening }) => [opening.id, opening]));
  const missing = change.open.find(({ id }) => !there.has(id));
  if (!missing) return { ...outcome, granted: granted.map((opening) => there.get(opening.id) ?? opening), seen: true };
  const message = `the gateway said yes to ${missing.id} and does not hold it`;
  return withdrawn(speaking, granted, change.open, refuse('gateway-refused', message, missing.id), clock, signal);
}

async function doSteps(
  { driver, session, gateway }: Speaking,
  change: Partial<Change>,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly outcome: Outcome; readonly granted: readonly GrantedOpening[] }> {
  const whole = { gateway, open: [], renew: [], close: [], ...change };
  const granted: GrantedOpening[] = [];
  let seen = true;
  for (const step of driver.plan(whole, undefined, clock.now()).steps) {
    const outcome = await done(session, step, signal);
    if (outcome.kind !== 'applied') return { outcome, granted };
    granted.push(...outcome.granted);
    seen &&= outcome.seen === true;
  }
  return { outcome: { kind: 'applied', granted, ...(seen && { seen }) }, granted };
}

/** A step that was begun may have been done, whatever went wrong with it. */
async function done(session: GatewaySession, step: unknown, signal: AbortSignal): Promise<Outcome> {
  try {
    return await session.apply(step, signal);
  } catch (error) {
    return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A refusal once nothing is left of what was opened before it; else it is not known what is there. */
async function withdrawn(
  speaking: Speaking,
  granted: readonly GrantedOpening[],
  open: readonly Opening[],
  refusal: Refusal,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome> {
  const asked = new Set(open.map(({ id }) => id));
  const close = granted.filter(({ id }) => asked.has(id)).toReversed();
  if (close.length === 0) return refused(refusal);
  const { outcome } = await doSteps(speaking, { close }, clock, signal);
  if (outcome.kind === 'applied') return refused(refusal);
  return { kind: 'unknown', reason: `${refusal.message}; what was opened before could not be taken back` };
}

function refused(refusal: Refusal): Outcome {
  return { kind: 'refused', refusal };
}
