import type { Opening, PromiseName } from '@sluice/model';
import { mappingError, upnpError } from '@sluice/wire/igd';
import type { Learned } from './memory.ts';

/** How a mapping is asked for: as tightly as can be, until the gateway says what it cannot do. */
export interface Attempt {
  /** Anyone may send. */
  readonly wide: boolean;
  /** It has no lease. */
  readonly permanent: boolean;
  /** The gateway picks its port. */
  readonly picks: boolean;
}

/**
 * What to ask for instead, after an error that says what cannot be done, where the opening may lack that; it is learnt
 * of the gateway besides.
 */
export function weakerAttempt(
  attempt: Attempt,
  code: number | undefined,
  { mayLack = [] }: Opening,
  learned: Learned,
): Attempt | undefined {
  const may = (name: PromiseName) => mayLack.includes(name);
  if (code === mappingError.onlyPermanentLeases && !attempt.permanent) {
    learned.permanentOnly = true;
    return may('lease') ? { ...attempt, permanent: true } : undefined;
  }
  // Some say no more than that they do not take a value, the lease (tailscale/tailscale#15223).
  if (code === upnpError.invalidArgs && !attempt.permanent && may('lease')) return { ...attempt, permanent: true };
  if (code === mappingError.remoteHostOnlyWildcard && !attempt.wide) {
    learned.anyRemoteOnly = true;
    return may('remoteAddress') ? { ...attempt, wide: true } : undefined;
  }
  if ((code === upnpError.invalidAction || code === undefined) && attempt.picks) {
    learned.noAnyPort = true;
    return { ...attempt, picks: false };
  }
  return undefined;
}
