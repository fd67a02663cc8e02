import {
  type ContentSession,
  type Endpoint,
  familyOf,
  type GatewayAddresses,
  type GrantedOpening,
  type Observed,
  type PromiseName,
  type Traits,
} from '@sluice/model';
import { sameOpening } from './granted.ts';
import { isTranslated } from './openings.ts';

/** What one open session lacks and has at its gateway. */
export interface SessionDifference {
  readonly sessionId: string;
  /** Wanted and not there, or not there as it should be. */
  readonly missing: readonly GrantedOpening[];
  /** There as it should be. */
  readonly held: readonly GrantedOpening[];
}

/** How what a gateway holds of ours differs from what our sessions want. */
export interface Difference {
  /** Ours, and wanted by no session so. */
  readonly remove: readonly GrantedOpening[];
  readonly open: readonly SessionDifference[];
  /** Open sessions whose openings were on an address that the gateway no longer has: their streams go elsewhere. */
  readonly moved: readonly string[];
}

/** What a session wants of one gateway; nothing where it is not open. */
export interface Wanted extends Pick<ContentSession, 'sessionId' | 'state'> {
  readonly openings: readonly GrantedOpening[];
}

/** Compares a whole gateway with the sessions that want something of it. */
export function compare(
  sessions: readonly Wanted[],
  observed: Observed,
  { addresses, traits }: { readonly addresses: GatewayAddresses; readonly traits: Traits },
): Difference {
  const there = new Map(observed.ours.map(({ opening }) => [opening.id, opening]));
  const open: SessionDifference[] = [];
  const moved: string[] = [];
  const keep = new Set<string>();
  for (const { sessionId, state, openings } of sessions) {
    if (state !== 'open') continue;
    const isElsewhere = ({ address }: Endpoint) =>
      isTranslated(traits, familyOf(address)) && !addresses.global.includes(address);
    if (openings.some(({ global }) => isElsewhere(global))) {
      moved.push(sessionId);
      continue;
    }
    const held: GrantedOpening[] = [];
    const missing: GrantedOpening[] = [];
    for (const opening of openings) {
      const found = there.get(opening.id);
      const right = found !== undefined && sameOpening(found, opening);
      if (right) keep.add(opening.id);
      (right ? held : missing).push(opening);
    }
    open.push({ sessionId, missing, held });
  }
  const remove = observed.ours.map(({ opening }) => opening).filter(({ id }) => !keep.has(id));
  return { remove, open, moved };
}

/** A granted opening as it is asked for again: exactly as it was, and without the flow, which the gateway no longer knows. */
export function askedAgain(opening: GrantedOpening, until: number, mayLack: readonly PromiseName[]): GrantedOpening {
  const { id, streamType, payloadType, remote, globalPort, local, global } = opening;
  return {
    id,
    streamType,
    ...(payloadType !== undefined && { payloadType }),
    remote,
    globalPort,
    local,
    global,
    until,
    ...(mayLack.length > 0 && { mayLack }),
  };
}
