import { familyOf, type Opening, type Outcome, type Port, type Refusal, refuse } from '@sluice/model';
import { addRow } from './add-row.ts';
import { fillRows } from './fill-rows.ts';
import type { OpeningTable, Place } from './place.ts';
import type { Lease } from './plan.ts';
import { choosePorts, type PortPicking, type PortTaken, portsTaken } from './ports.ts';
import { abilityRefusal, readBack, unable } from './read-back.ts';
import { ruleFor } from './rules.ts';
import type { SeenRow } from './seen.ts';
import type { SeenTables } from './tables.ts';
import { narrows } from './traits.ts';
import type { Wanted } from './values.ts';
import type { Work } from './work.ts';

/** What opening is done with. */
export interface OpenPorts {
  readonly work: Work;
  readonly picking: PortPicking;
  /** Nobody waits any more: nothing new is begun, and what was begun is taken back. */
  readonly isOver: () => boolean;
}

/**
 * Makes every opening, or none: adds the rows, fills them all in with one call, reads them back. What cannot be had is
 * taken back before the answer.
 */
export async function openRows(ports: OpenPorts, leases: readonly Lease[]): Promise<Outcome> {
  const { work, isOver } = ports;
  const place = await work.place();
  for (const { opening } of leases) {
    const table = tableFor(opening, place);
    const { model } = work.known;
    const rule = narrows(place, model) ? ruleFor(opening, place) : undefined;
    const refusal =
      tableRefusal(opening, place) ?? abilityRefusal(table, model?.of(table), opening, rule !== undefined);
    if (refusal) return { kind: 'refused', refusal };
  }
  const seen = await work.rows();
  if (isOver()) return left;
  const { asked } = work.known;
  for (const { opening } of leases) asked.set(opening.id, opening);
  const outcome = await make(ports, leases, place, seen);
  if (outcome.kind === 'refused') for (const { opening } of leases) asked.delete(opening.id);
  // From now on they are as narrow as they were granted.
  if (outcome.kind === 'applied')
    for (const { mayLack: _, ...granted } of outcome.granted) asked.set(granted.id, granted);
  return outcome;
}

/** Nothing stays of what nobody waits for. */
const left: Outcome = { kind: 'unknown', reason: 'nobody waited for it any more' };

async function make(
  { work, picking, isOver }: OpenPorts,
  leases: readonly Lease[],
  place: Place,
  seen: SeenTables,
): Promise<Outcome> {
  const { rows } = seen;
  const there = new Map(rows.flatMap((row) => (row.id === undefined ? [] : [[row.id, row]])));
  const wishes = leases.map(({ opening }) => asItIs(opening, there.get(opening.id)));
  const taken = portsTaken(rows, new Set(wishes.map(({ id }) => id)));
  const choose = (more: PortTaken) =>
    choosePorts(wishes, (transport, port) => taken(transport, port) || more(transport, port), picking);
  const chosen = choose(() => false);
  if ('code' in chosen) return { kind: 'refused', refusal: chosen };

  const added: string[] = [];
  const takeBack = async (outcome: Outcome): Promise<Outcome> => {
    await work.undo(added);
    return outcome;
  };
  const wanted: Wanted[] = [];
  for (const lease of leases) {
    if (isOver()) return takeBack(left);
    const { id } = lease.opening;
    const table = tableFor(lease.opening, place);
    const known = there.get(id);
    const rule = await ruleBeside(work, lease.opening, place, { seen, known, added });
    if (rule && 'code' in rule) return takeBack({ kind: 'refused', refusal: { ...rule, subject: id } });
    const path = known?.path ?? (await addRow(work, table, seen));
    if (typeof path !== 'string') return takeBack({ kind: 'refused', refusal: { ...path, subject: id } });
    if (!known) added.push(path);
    wanted.push({ lease, table, path, globalPort: chosen.get(id) ?? 0, ...(rule && { rule }) });
  }
  const filled = await fillRows(work, wanted, choose, isOver);
  if (filled === 'left') return takeBack(left);
  if ('code' in filled) return takeBack({ kind: 'refused', refusal: filled });
  const granted = await readBack(work, filled, place);
  if ('code' in granted) {
    await work.undo([
      ...new Set([...added, ...wanted.flatMap(({ path, rule }) => (rule ? [rule.path, path] : [path]))]),
    ]);
    return { kind: 'refused', refusal: granted };
  }
  for (const path of added) work.known.doubts.settled(path);
  // What narrows nothing is of no use: the mapping is granted without it.
  const narrowed = new Set(granted.flatMap(({ id, lacks }) => (lacks?.includes('remotePort') ? [] : [id])));
  const idle = wanted.flatMap(({ lease, rule }) => (rule && !narrowed.has(lease.opening.id) ? [rule.path] : []));
  if (idle.length > 0 && work.known.model && filled.some(({ rule }, at) => !rule && wanted[at]?.rule))
    work.known.model.rules.narrow = 'no';
  for (const path of idle) if (!(await work.remove(path))) work.known.doubts.added(path);
  return { kind: 'applied', granted, seen: true };
}

/** The row of the rule that narrows an opening: the one that is there, or a new one; undefined where there is to be none. */
async function ruleBeside(
  work: Work,
  opening: Opening,
  place: Place,
  { seen, known, added }: { readonly seen: SeenTables; readonly known: SeenRow | undefined; readonly added: string[] },
): Promise<Wanted['rule'] | Refusal> {
  const rule = narrows(place, work.known.model) ? ruleFor(opening, place) : undefined;
  if (!rule || !place.rules) return undefined;
  const path = known?.rule?.path ?? (await addRow(work, place.rules, seen));
  if (typeof path === 'string') {
    if (!known?.rule) added.push(path);
    return { path, narrows: rule };
  }
  if (path.code === 'trait-missing' && work.known.model) work.known.model.rules.narrow = 'no';
  return opening.mayLack?.includes('remotePort') ? undefined : unable('port', opening);
}

/** An opening that is there already keeps its port, where it names none. */
function asItIs(opening: Opening, row: SeenRow | undefined): Opening {
  const port: Port | undefined = opening.globalPort ?? row?.ports?.[0];
  return port === undefined ? opening : { ...opening, globalPort: port };
}

function tableFor({ remote }: Opening, { mappings, pinholes }: Place): OpeningTable {
  return familyOf(remote.address) === 6 && pinholes ? pinholes : mappings;
}

function tableRefusal(opening: Opening, { pinholes }: Place): Refusal | undefined {
  if (familyOf(opening.remote.address) === 6 && !pinholes)
    return refuse('trait-missing', 'this gateway has no pinholes for IPv6 (Device.Firewall.Pinhole)', opening.id);
  if (opening.local.address === undefined)
    return refuse(
      'local-address-needed',
      'this gateway cannot find the device by itself; name its address',
      opening.id,
    );
  return undefined;
}
