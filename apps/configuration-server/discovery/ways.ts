import type { Driver } from '@sluice/driver';
import {
  type Clock,
  familyOf,
  type Gateway,
  type GatewayAddresses,
  type IpAddress,
  type Traits,
  type TriedWay,
  type WayOutcome,
} from '@sluice/model';
import { isOf } from '../contacts.ts';
import type { RegisteredHome } from './registered-homes.ts';
import { barredFrom } from './told-where.ts';

/** What trying ways needs. */
export interface WaysPorts {
  /** The table of drivers. */
  readonly drivers: readonly Driver[];
  readonly clock: Clock;
  /** Where a gateway that is not connected all the time last called from. */
  calledFrom(gatewayId: string): IpAddress | undefined;
}

/** For whom ways are tried. */
export interface Asker {
  readonly applianceId: string;
  /** Where its request came from. */
  readonly observed: IpAddress;
}

/** What trying came to. */
export interface Trial {
  /** The best way that answered. */
  readonly chosen?: Gateway;
  /** Every way, those first that keep most. */
  readonly tried: readonly TriedWay[];
}

/** Longest time that trying takes, ms. */
const mostMs = 3_000;
/** How much longer a better way is waited for when one has answered, ms. */
const betterMs = 500;

/** A way under trial. */
interface Attempt {
  readonly gateway: Gateway;
  /** How many promises its type keeps. */
  readonly kept: number;
  readonly giveUp: AbortController;
  result: Omit<TriedWay, 'gatewayId' | 'type'> | undefined;
}

/**
 * Tries every way into a home at once and takes the best that answers from there: which keeps most of what is promised,
 * by its type's traits. Waits for a better one only a while, and in vain never longer than 3 s; what is still under way
 * then is given up, whether it heeds that or not. Changes nothing at any gateway. Never rejects.
 */
export async function tryWays(
  home: Pick<RegisteredHome, 'ways' | 'at'>,
  asker: Asker,
  ports: WaysPorts,
  signal: AbortSignal,
): Promise<Trial> {
  const { clock } = ports;
  const began = clock.now();
  const drivers = new Map(ports.drivers.map((driver) => [driver.type, driver]));
  const attempts = home.ways
    .map((gateway): Attempt => {
      const kept = promisesKept(drivers.get(gateway.type)?.traits);
      return { gateway, kept, giveUp: new AbortController(), result: undefined };
    })
    .toSorted((one, other) => other.kept - one.kept);
  const settled = Promise.withResolvers<void>();
  const timers = [clock.after(mostMs, () => settled.resolve())];
  const end = () => settled.resolve();
  signal.addEventListener('abort', end, { once: true });

  const note = (attempt: Attempt, outcome: WayOutcome, why?: string) => {
    if (attempt.result) return;
    attempt.result = { outcome, ms: Math.round(clock.now() - began), ...(why !== undefined && { why }) };
    const left = attempts.filter(({ result }) => result === undefined);
    const best = bestOf(attempts);
    // Nobody is left, or nobody better is.
    if (left.every(({ kept }) => best !== undefined && kept <= best.kept)) settled.resolve();
    else if (outcome === 'answered') timers.push(clock.after(betterMs, () => settled.resolve()));
  };
  for (const attempt of attempts) {
    const { gateway, giveUp } = attempt;
    const driver = drivers.get(gateway.type);
    const barred = barredFrom(gateway, home.at, ports.calledFrom(gateway.gatewayId));
    if (!driver) note(attempt, 'failed', `nobody here speaks ${gateway.type}`);
    else if (barred !== undefined) note(attempt, 'barred', barred);
    else
      greet(driver, wayFor(gateway, asker), AbortSignal.any([signal, giveUp.signal])).then(
        (addresses) => {
          const elsewhere = notThere(gateway, addresses, asker.observed);
          note(attempt, elsewhere === undefined ? 'answered' : 'elsewhere', elsewhere);
        },
        (error: unknown) => note(attempt, 'failed', error instanceof Error ? error.message : String(error)),
      );
  }
  if (attempts.length === 0 || signal.aborted) settled.resolve();
  await settled.promise;

  signal.removeEventListener('abort', end);
  for (const cancel of timers) cancel();
  for (const attempt of attempts) {
    if (!attempt.result) note(attempt, 'late', 'it did not answer in time');
    attempt.giveUp.abort(new Error('another way is taken, or the time is over'));
  }
  const chosen = bestOf(attempts)?.gateway;
  const tried = attempts.flatMap(({ gateway: { gatewayId, type }, result }) =>
    result ? [{ gatewayId, type, ...result }] : [],
  );
  return { ...(chosen && { chosen }), tried };
}

/** Reaches a gateway and leaves it again, also where nobody waits for that any more. */
async function greet(driver: Driver, gateway: Gateway, signal: AbortSignal): Promise<GatewayAddresses> {
  if (driver.greet) return driver.greet(gateway, signal);
  await using session = await driver.connect(gateway, signal);
  return await session.addresses(signal);
}

/** A gateway that answers only inside the home is spoken to by the appliance there. */
function wayFor(gateway: Gateway, { applianceId }: Asker): Gateway {
  const { communication } = gateway;
  if (communication.through !== 'appliance') return gateway;
  return { ...gateway, communication: { ...communication, appliance: applianceId } };
}

/** Why a gateway is not the one that the request came through, by its own addresses; undefined where it may be. */
function notThere({ behind }: Gateway, addresses: GatewayAddresses, observed: IpAddress): string | undefined {
  const global = addresses.global.filter((address) => familyOf(address) === familyOf(observed));
  if (behind !== undefined || global.length === 0 || isOf(addresses, observed)) return undefined;
  return `its address is ${global.join(', ')}, and the request came from ${observed}`;
}

/** Of those that answered, which keeps most; of equals, which was first. */
function bestOf(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts
    .filter(({ result }) => result?.outcome === 'answered')
    .toSorted((one, other) => other.kept - one.kept || (one.result?.ms ?? 0) - (other.result?.ms ?? 0))[0];
}

/** How many of the promises a type can keep. */
function promisesKept(traits: Traits | undefined): number {
  if (!traits) return 0;
  const { sourceAddress, sourcePort, streamTypes, lease, atomic, revokeStopsRunning } = traits;
  const { keepsNarrowingOverRestart, symmetricSource, findsDevice } = traits;
  const promises = [
    ...[sourceAddress, sourcePort, streamTypes, lease !== undefined, atomic, revokeStopsRunning],
    ...[keepsNarrowingOverRestart, symmetricSource, findsDevice],
  ];
  return promises.filter((isKept) => isKept).length;
}
