import { type GrantedOpening, type Opening, plainTransportOf, type Refusal, refuse } from '@sluice/model';
import type { RuleKnowledge, TableKnowledge } from './device-book.ts';
import type { OpeningTable, Place } from './place.ts';
import { heldPort, isInEffect, isOf, lacksOf, openingOf, type SeenRow } from './seen.ts';
import type { Wanted } from './values.ts';
import type { Work } from './work.ts';

/**
 * What the device holds of what it was told to, as openings; refused where one is not there, not in effect, or wider
 * than it may be. What the device shows of itself is remembered.
 */
export async function readBack(
  work: Work,
  wanted: readonly Wanted[],
  place: Place,
): Promise<readonly GrantedOpening[] | Refusal> {
  let rows = await work.look(wanted);
  // Some put a row into effect a moment after they say so.
  if (wanted.some((each) => !isActive(rows, each))) rows = await work.look(wanted);
  const now = work.clock.now();
  const granted: GrantedOpening[] = [];
  for (const { path, table, lease, globalPort, rule } of wanted) {
    const { opening } = lease;
    const row = rows.find((each) => each.path === path);
    const fault = !row ? 'it is not there' : faultOf(row, { ...opening, globalPort });
    if (!row || fault !== undefined)
      return refuse('gateway-refused', `the gateway said that it made ${opening.id}, but ${fault}`, opening.id);
    learn(work.known.model?.of(table), row);
    if (rule) learnRule(work.known.model?.rules, row);
    const lacks = lacksOf(row, place, opening);
    const tooMuch = lacks.find((name) => !opening.mayLack?.includes(name));
    if (tooMuch) return unable(tooMuch === 'lease' ? 'lease' : tooMuch === 'remotePort' ? 'port' : 'source', opening);
    const held = openingOf(row, place, { ...opening, globalPort }, now);
    if (!held) return refuse('gateway-refused', `the gateway made something else of ${opening.id}`, opening.id);
    granted.push(held);
  }
  return granted;
}

/** Refuses an opening that is narrower or shorter than rows of a table can hold, or are `known` not to. */
export function abilityRefusal(
  { names }: OpeningTable,
  known: TableKnowledge | undefined,
  opening: Opening,
  hasRule: boolean,
): Refusal | undefined {
  const { id, remote, streamType, mayLack = [] } = opening;
  if (known?.source === 'no' && !mayLack.includes('remoteAddress')) return unable('source', opening);
  if (known?.lease === 'no' && !mayLack.includes('lease')) return unable('lease', opening);
  const tellsPort = names.sourcePort !== undefined || hasRule;
  if (remote.port !== undefined && !tellsPort && !mayLack.includes('remotePort')) return unable('port', opening);
  if (streamType !== plainTransportOf(streamType) && !mayLack.includes('streamType'))
    return refuse('cannot-hold', `the gateway cannot tell ${streamType} from other packets (streamType)`, id);
  return undefined;
}

const inabilities = {
  source: 'the gateway does not hold a port mapping to one remote address (remoteAddress)',
  lease: 'the gateway keeps no lease for a port mapping (lease)',
  port: 'the gateway holds a port mapping to no port of its remote end (remotePort)',
} as const;

/** Refuses an opening for what rows of a gateway do not do. */
export function unable(what: keyof typeof inabilities, { id }: Opening): Refusal {
  return refuse('cannot-hold', inabilities[what], id);
}

function isActive(rows: readonly SeenRow[], { path, rule }: Wanted): boolean {
  const row = rows.find((each) => each.path === path);
  return row !== undefined && isInEffect(row) && (!rule || row.rule?.narrows !== undefined);
}

function faultOf(row: SeenRow, asked: Opening): string | undefined {
  if (row.id !== asked.id) return 'it did not keep the description that tells whose it is';
  if (!row.isEnabled) return 'it is switched off';
  if (!isInEffect(row)) return `its status is ${(row.status ?? '').slice(0, 40)}`;
  return isOf(row, asked) ? undefined : 'it shows other values';
}

/** What was asked for with an address and a lease, and is there without them, is not to be had. */
function learn(model: TableKnowledge | undefined, row: SeenRow): void {
  if (!model) return;
  model.source = row.source === undefined ? 'no' : 'yes';
  model.lease = row.leaseSeconds === 0 ? 'no' : 'yes';
}

/** A rule that does not narrow the mapping beside it, though every value was taken, is not to be had. */
function learnRule(rules: RuleKnowledge | undefined, row: SeenRow): void {
  if (rules && row.source !== undefined) rules.narrow = heldPort(row) === undefined ? 'no' : 'yes';
}
