import { Unreachable } from '@sluice/driver';
import type { Clock, GrantedOpening, Observed, Opening, Outcome, Refusal } from '@sluice/model';
import type { OpeningBook } from './book.ts';
import { isGranted, type Lease, leaseOf, type PortControlStep } from './steps.ts';

/** What became of one opening. */
export type One =
  | { readonly kind: 'granted'; readonly opening: GrantedOpening }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly reason: string };

/** What became of a deletion. */
export type Gone =
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why a mapping is asked for: to make it, to move its end, or to see whether it is there. */
export type Purpose = 'open' | 'renew' | 'look';

/** A protocol that knows one mapping at a time. */
export interface Mapper {
  /**
   * Makes it, or says again what was said before: never wider, never longer than its lease. What was closed is refused,
   * but to who opens it.
   */
  map(lease: Lease<Opening | GrantedOpening>, purpose: Purpose, signal: AbortSignal): Promise<One>;
  unmap(opening: Opening, signal: AbortSignal): Promise<Gone>;
}

/** Does a step, one opening after another. Where one is refused, those before it are closed again in reverse order. */
export async function applyOneByOne(step: PortControlStep, mapper: Mapper, signal: AbortSignal): Promise<Outcome> {
  switch (step.kind) {
    case 'open':
      return openAll(step.leases, mapper, signal);
    case 'renew':
      return renewAll(step.leases, mapper, signal);
    case 'close':
      return closeAll(step.openings, mapper, signal);
  }
}

async function openAll(leases: readonly Lease<Opening>[], mapper: Mapper, signal: AbortSignal): Promise<Outcome> {
  const granted: GrantedOpening[] = [];
  for (const lease of leases) {
    const one = await mapper.map(lease, 'open', signal);
    if (one.kind === 'unknown') return one;
    if (one.kind === 'granted') {
      granted.push(one.opening);
      continue;
    }
    const undone = await closeAll(granted, mapper, signal);
    if (undone.kind === 'applied') return one;
    const why = undone.kind === 'refused' ? undone.refusal.message : undone.reason;
    return { kind: 'unknown', reason: `${one.refusal.message}, and those before it are not closed: ${why}` };
  }
  return { kind: 'applied', granted };
}

/** All are tried, so that one which is gone does not take the others with it. */
async function renewAll(
  leases: readonly Lease<GrantedOpening>[],
  mapper: Mapper,
  signal: AbortSignal,
): Promise<Outcome> {
  const granted: GrantedOpening[] = [];
  let worst: Exclude<One, { kind: 'granted' }> | undefined;
  for (const lease of leases) {
    const one = await mapper.map(lease, 'renew', signal);
    if (one.kind === 'granted') granted.push(one.opening);
    else if (worst?.kind !== 'unknown') worst = one;
  }
  return worst ?? { kind: 'applied', granted };
}

async function closeAll(openings: readonly Opening[], mapper: Mapper, signal: AbortSignal): Promise<Outcome> {
  let worst: Exclude<Gone, { kind: 'gone' }> | undefined;
  for (const opening of openings.toReversed()) {
    const gone = await mapper.unmap(opening, signal);
    if (gone.kind !== 'gone' && worst?.kind !== 'unknown') worst = gone;
  }
  return worst ?? { kind: 'applied', granted: [] };
}

/** What a look is made of. */
export interface Looking {
  readonly book: OpeningBook;
  readonly clock: Clock;
  readonly mapper: Mapper;
  /**
   * Leases shorter than this are made longer by the gateway, seconds: what it granted, and has so much or less left, is
   * taken at the gateway's word, as asking again would lengthen it.
   */
  readonly leastSeconds: number;
}

/**
 * What is there, of a gateway that tells of no mapping: what is believed, or was asked for and not answered, is asked for
 * again as it is until its end; what a deletion was not answered for is closed again. Throws `Unreachable` where that is
 * not answered either.
 */
export async function lookOneByOne(
  believed: readonly GrantedOpening[],
  { book, clock, mapper, leastSeconds }: Looking,
  signal: AbortSignal,
): Promise<Observed> {
  const now = clock.now();
  const known = new Map<string, Opening | GrantedOpening>(believed.map((opening) => [opening.id, opening]));
  for (const { opening } of book.present(now)) known.set(opening.id, opening);
  const ours: { opening: GrantedOpening }[] = [];
  const unsure: GrantedOpening[] = [];
  for (const opening of known.values()) {
    const entry = book.of(opening.id, now);
    if (entry?.state === 'closing') {
      const gone = await mapper.unmap(opening, signal);
      if (gone.kind === 'unknown') throw silent(opening, gone.reason);
      if (gone.kind === 'refused' && isGranted(opening)) unsure.push(opening);
    } else if (now < opening.until) {
      const granted = entry?.state === 'granted' && !entry.doubted ? entry.opening : undefined;
      const lease = leaseOf(opening, now);
      const found: One =
        granted && isGranted(granted) && lease.seconds <= leastSeconds
          ? { kind: 'granted', opening: granted }
          : await mapper.map(lease, 'look', signal);
      if (found.kind === 'unknown') throw silent(opening, found.reason);
      if (found.kind === 'granted') ours.push({ opening: found.opening });
    }
  }
  return { at: clock.now(), ours, foreign: 0, ...(unsure.length > 0 && { unsure }) };
}

function silent({ id }: Opening, reason: string): Unreachable {
  return new Unreachable(`the gateway was asked for ${id}: ${reason}`);
}
