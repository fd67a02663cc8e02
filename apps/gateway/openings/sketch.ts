import type { ModelChange } from '@sluice/usp-agent';
import { errorCode, portMappingTable } from '@sluice/wire/usp';
import { assignPorts, type PortsByTransport } from '../ports/assign.ts';
import { type Fault, faultOf, invalidValue } from './fault.ts';
import { parametersOf } from './object-types.ts';
import type { Row } from './row.ts';
import type { Rows } from './rows.ts';
import {
  groupWanted,
  nothingWanted,
  type OpeningTable,
  openingTables,
  transportWanted,
  type Wanted,
} from './wanted.ts';

/** One row while the changes of a message are gone through. */
export interface Sketch {
  /** The first change about this row. */
  readonly index: number;
  readonly table: OpeningTable;
  readonly instance: number;
  readonly before: Row | undefined;
  /** Undefined: it is to go. */
  wanted: Wanted | undefined;
  /** Its lease begins anew. */
  renewed: boolean;
}

/** Something, or why change `index` cannot be. */
export type Sketched<T> = T | { readonly index: number; readonly fault: Fault };

/** What each change makes of its row, the texts read but nothing judged. `objects` are the rows' paths, one a change. */
export function sketchChanges(
  changes: readonly ModelChange[],
  owner: string,
  rows: Rows,
  nextInstance: (table: OpeningTable) => number,
): Sketched<{ readonly sketches: readonly Sketch[]; readonly objects: readonly string[] }> {
  const sketches = new Map<string, Sketch>();
  const objects: string[] = [];
  for (const [index, change] of changes.entries()) {
    let object = change.kind === 'add' ? '' : change.object;
    let entry = sketches.get(object);
    if (change.kind === 'add') {
      const table = openingTables.find((candidate) => candidate === change.table);
      if (!table)
        return { index, fault: { code: errorCode.objectNotCreatable, message: `no rows in ${change.table}` } };
      const instance = nextInstance(table);
      object = `${table}${instance}.`;
      entry = { index, table, instance, before: undefined, wanted: nothingWanted, renewed: true };
    } else if (!entry) {
      const row = rows.get(object);
      if (row?.owner === owner)
        entry = { index, table: row.table, instance: row.instance, before: row, wanted: row.wanted, renewed: false };
    }
    if (!entry?.wanted)
      return { index, fault: { code: errorCode.objectDoesNotExist, message: `there is no ${object}` } };
    sketches.set(object, entry);
    objects.push(object);
    if (change.kind === 'delete') entry.wanted = undefined;
    else {
      const wanted = readParameters(entry.table, change.parameters, entry.wanted, change.kind === 'set');
      if ('fault' in wanted) return { index, fault: wanted.fault };
      entry.wanted = wanted;
      entry.renewed ||= change.parameters.has('LeaseDuration');
    }
  }
  return { sketches: [...sketches.values()], objects };
}

/** Takes hold of the global ports that new rows need; `release` lets go of them all. */
export function givePorts(
  sketches: readonly Sketch[],
  ports: PortsByTransport,
): Sketched<{ readonly ports: ReadonlyMap<Sketch, number>; release(): void }> {
  const wishes = sketches.flatMap((entry) => {
    const { before, wanted, table } = entry;
    if (table !== portMappingTable || !wanted) return [];
    const transport = transportWanted(wanted);
    // ESP has none.
    if (transport === 'esp') return [];
    const kept =
      before && before.wanted.globalPort === wanted.globalPort && transportWanted(before.wanted) === transport;
    return kept ? [] : [{ entry, transport, asked: wanted.globalPort, group: groupWanted(wanted) }];
  });
  const assigned = assignPorts(wishes, ports);
  if (!assigned.ok)
    return { index: wishes[assigned.index]?.entry.index ?? 0, fault: faultOf(assigned.refusal, 'ExternalPort') };
  const held = wishes.map(({ entry, transport }, index) => ({ entry, transport, port: assigned.ports[index] ?? 0 }));
  return {
    ports: new Map(held.map(({ entry, port }) => [entry, port])),
    release() {
      for (const { transport, port } of held) ports[transport].release(port);
    },
  };
}

function readParameters(
  table: OpeningTable,
  texts: ReadonlyMap<string, string>,
  before: Wanted,
  exists: boolean,
): Wanted | { readonly fault: Fault } {
  let wanted = before;
  for (const [name, text] of texts) {
    const parameter = parametersOf[table].get(name);
    if (!parameter)
      return { fault: { code: errorCode.unsupportedParameter, message: `no parameter ${name}`, parameter: name } };
    if (!parameter.read || (exists && parameter.type.access === 'writeOnce'))
      return { fault: { code: errorCode.parameterReadOnly, message: `${name} is not writable`, parameter: name } };
    const said = parameter.read(text);
    if (typeof said === 'string') return { fault: invalidValue(name, said) };
    wanted = { ...wanted, ...said };
  }
  return wanted;
}
