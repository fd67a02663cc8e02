import {
  type ContentRequest,
  type GrantedOpening,
  type Held,
  type Holding,
  type Instant,
  type ProbeFindings,
  type PromiseName,
  promiseNames,
  type Refusal,
  refuse,
  type Traits,
} from '@sluice/model';

/** What each promise, not kept, lets happen; for a person. */
const consequences: Readonly<Record<PromiseName, string>> = {
  remoteAddress: 'anyone may send to the open ports, not the server alone',
  remotePort: "any port of the server may send to the open ports, not the streams' own alone",
  streamType: 'anything of its transport may pass an opening, not its stream type alone',
  lease: 'the gateway keeps no lease: an opening ends when it is closed, not by itself',
  revokeStopsRunning: 'a running flow may outlive its opening',
  narrowingOverRestart: 'after a restart the gateway may let in more than was asked until it is put right',
  symmetricSource: 'what the device sends may leave from another global port than its opening has',
};

/** What a gateway with these traits keeps. */
export function heldBy(traits: Traits): Held {
  return {
    remoteAddress: traits.sourceAddress,
    remotePort: traits.sourcePort,
    streamType: traits.streamTypes,
    lease: traits.lease !== undefined,
    revokeStopsRunning: traits.revokeStopsRunning,
    narrowingOverRestart: traits.keepsNarrowingOverRestart,
    symmetricSource: traits.symmetricSource,
  };
}

/** The same without what turned out not to hold: said by the gateway of an opening, or seen of a packet. */
export function heldLess(held: Held, openings: readonly GrantedOpening[], probes: ProbeFindings | undefined): Held {
  const lacking = new Set(openings.flatMap(({ lacks }) => lacks ?? []));
  if (probes?.fromElsewhere === 'seen') lacking.add('remoteAddress');
  if (probes?.fromOtherPort === 'seen' || probes?.fromElsewhere === 'seen') lacking.add('remotePort');
  const less = Object.fromEntries(promiseNames.map((name) => [name, held[name] && !lacking.has(name)]));
  return less as Record<PromiseName, boolean>;
}

/**
 * Refuses what would be weaker than the deployment's policy lets it be (`mayLack`), by name; undefined where nothing
 * is. A stream that is of no type beside its transport needs none to be held.
 */
export function checkHolding(
  request: Pick<ContentRequest, 'streams'>,
  held: Held,
  mayLack: readonly PromiseName[],
): Refusal | undefined {
  const typed = request.streams.find(({ streamType }) => streamType !== 'tcp' && streamType !== 'udp');
  for (const name of promiseNames) {
    if (held[name] || mayLack.includes(name) || (name === 'streamType' && !typed)) continue;
    const message = `with this gateway ${consequences[name]} (${name}); the deployment's policy does not allow that`;
    return name === 'streamType' ? refuse('cannot-hold', message, typed?.id) : refuse('cannot-hold', message);
  }
  return undefined;
}

/** When a session's openings were granted, how long their first lease was meant to be, and each further one where renewing costs packets. */
export interface MeantLeases {
  readonly now: Instant;
  readonly meantMs: number;
  readonly rareMs: number | undefined;
}

/** How a session is held, in values and in sentences. */
export function holdingOf(
  held: Held,
  openings: readonly GrantedOpening[],
  probes: ProbeFindings | undefined,
  { now, meantMs, rareMs }: MeantLeases,
): Holding {
  const notes = promiseNames.filter((name) => !held[name]).map((name) => consequences[name]);
  const leasedMs = Math.max(...openings.map(({ until }) => until)) - now;
  if (held.lease && leasedMs > meantMs + roundingMs) notes.push(roundedUp(leasedMs, meantMs));
  if (held.lease && rareMs !== undefined) notes.push(rarely(rareMs));
  if (probes) notes.push(...findingsOf(probes));
  return { held, notes, ...(probes && { probes }) };
}

/** Gateways count whole seconds. */
const roundingMs = 1_500;

function rarely(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `each renewal costs this gateway packets, so its leases are of ${seconds} s: what nobody is left to close ends by that`;
}

function roundedUp(leasedMs: number, meantMs: number): string {
  const [leased, promised] = [leasedMs, meantMs].map((ms) => Math.round(ms / 1_000));
  return `the gateway made the first lease of ${promised} s one of ${leased} s: what cannot be reached to be undone ends by that`;
}

function findingsOf({ fromServer, fromOtherPort, fromElsewhere }: ProbeFindings): string[] {
  const notes: string[] = [];
  if (fromServer === 'not-tried') notes.push('no packet from the server was tried before the verdict');
  if (fromElsewhere === 'seen') notes.push('a packet from another address was let in, whatever the gateway said');
  else if (fromOtherPort === 'seen') notes.push('a packet from another port of the server was let in');
  if (fromElsewhere === 'not-tried') notes.push('no packet from another address was tried before the verdict');
  return notes;
}
