import {
  familyOf,
  type Opening,
  type Port,
  plainTransportOf,
  type Refusal,
  refuse,
  type Transport,
} from '@sluice/model';
import type { SeenRow } from './seen.ts';

/** Whether a global port of a transport is another row's. */
export type PortTaken = (transport: Transport, port: Port) => boolean;

/** Ports that rows have, whoever made them, but for those of the openings named. Rows of no transport take both. */
export function portsTaken(rows: readonly SeenRow[], but: ReadonlySet<string>): PortTaken {
  const others = rows.filter(({ id, table }) => table.names.globalPort !== undefined && !(id && but.has(id)));
  return (transport, port) =>
    others.some(
      (row) => row.ports && port >= row.ports[0] && port <= row.ports[1] && (row.transport ?? transport) === transport,
    );
}

/** What ports are picked with. */
export interface PortPicking {
  /** Both ends inclusive. */
  readonly range: readonly [least: Port, most: Port];
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * A global port for each opening that names none: drawn from `range`, for a group an even one and the next. Refused
 * where one that is named is taken, or none is left.
 */
export function choosePorts(
  openings: readonly Opening[],
  taken: PortTaken,
  { range, random }: PortPicking,
): ReadonlyMap<string, Port> | Refusal {
  const chosen = new Map<string, Port>();
  const now = new Set<string>();
  const take = ({ id, streamType }: Opening, port: Port) => {
    chosen.set(id, port);
    now.add(`${plainTransportOf(streamType)} ${port}`);
  };
  const isFree = ({ streamType }: Opening, port: Port) =>
    !taken(plainTransportOf(streamType), port) && !now.has(`${plainTransportOf(streamType)} ${port}`);
  for (const opening of openings) {
    if (familyOf(opening.remote.address) === 6) chosen.set(opening.id, opening.local.port);
    else if (opening.globalPort !== undefined) {
      const { globalPort } = opening;
      if (!isFree(opening, globalPort))
        return refuse('port-in-use', `the global port ${globalPort} is taken`, opening.id);
      take(opening, globalPort);
    }
  }
  for (const opening of openings) {
    if (chosen.has(opening.id)) continue;
    const { portGroup } = opening;
    const partner =
      portGroup && openings.find((other) => other !== opening && other.portGroup?.name === portGroup.name);
    const members = partner && !chosen.has(partner.id) ? [opening, partner] : [opening];
    members.sort((one, other) => (one.portGroup?.offset ?? 0) - (other.portGroup?.offset ?? 0));
    const port = draw(range, members.length === 2, random, (base) =>
      members.every((member, offset) => isFree(member, base + offset)),
    );
    if (port === undefined)
      return refuse('ports-exhausted', 'the gateway has no global port left in the range', opening.id);
    for (const [offset, member] of members.entries()) take(member, port + offset);
  }
  return chosen;
}

/** Ports that no row has, at most `count`; for pairs each even one is followed by the next. */
export function freePorts(
  wanted: { readonly transport: Transport; readonly count: number; readonly paired: boolean },
  taken: PortTaken,
  { range, random }: PortPicking,
): readonly Port[] {
  const { transport, count, paired } = wanted;
  const found = new Set<Port>();
  const isFree = (port: Port) => !taken(transport, port) && !found.has(port);
  while (found.size < count) {
    const port = draw(range, paired, random, (base) => isFree(base) && (!paired || isFree(base + 1)));
    if (port === undefined) break;
    found.add(port);
    if (paired) found.add(port + 1);
  }
  return [...found];
}

/** The first port that fits, from one drawn on, round the range. */
function draw(
  [least, most]: readonly [Port, Port],
  even: boolean,
  random: () => number,
  fits: (port: Port) => boolean,
): Port | undefined {
  const stride = even ? 2 : 1;
  const first = even ? least + (least % 2) : least;
  const places = Math.floor((most - (even ? 1 : 0) - first) / stride) + 1;
  const start = Math.floor(random() * places);
  for (let i = 0; i < places; i++) {
    const port = first + ((start + i) % places) * stride;
    if (fits(port)) return port;
  }
  return undefined;
}
