import { familyOf, type Opening, type Outcome, type Port, type Refusal, refuse } from '@sluice/model';
import { addRow } from './add-row.ts';
import { fillRows } from './fill-rows.ts';
import type { OpeningTable, Place } from './place.ts';
import type { Lease } from './plan.ts';
import { choosePorts, type PortPicking, type PortTaken, portsTaken } from './ports.ts';
import { abilityRefusal, readBack } from './read-back.ts';
import type { SeenRow } from './seen.ts';
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
    const refusal = tableRefusal(opening, place) ?? abilityRefusal(table, work.known.model?.of(table), opening);
    if (refusal) return { kind: 'refused', refusal };
  }
  const rows = await work.rows();
  if (isOver()) return left;
  for (const { opening } of leases) work.known.asked.set(opening.id, opening);
  const outcome = await make(ports, leases, place, rows);
  if (outcome.kind === 'refused') for (const { opening } of leases) work.known.asked.delete(opening.id);
  return outcome;
}

/** Nothing stays of what nobody waits for. */
const left: Outcome = { kind: 'unknown', reason: 'nobody waited for it any more' };

async function make(
  { work, picking, isOver }: OpenPorts,
  leases: readonly Lease[],
  place: Place,
  rows: readonly SeenRow[],
): Promise<Outcome> {
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
    const path = known?.path ?? (await addRow(work, table, rows));
    if (typeof path !== 'string') return takeBack({ kind: 'refused', refusal: { ...path, subject: id } });
    if (!known) added.push(path);
    wanted.push({ lease, table, path, globalPort: chosen.get(id) ?? 0 });
  }
  const filled = await fillRows(work, wanted, choose, isOver);
  if (filled === 'left') return takeBack(left);
  if ('code' in filled) return takeBack({ kind: 'refused', refusal: filled });
  const granted = await readBack(work, filled, place);
  if ('code' in granted) {
    await work.undo(wanted.map(({ path }) => path));
    return { kind: 'refused', refusal: granted };
  }
  for (const path of added) work.known.doubts.settled(path);
  return { kind: 'applied', granted, seen: true };
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
