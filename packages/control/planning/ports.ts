import type { IpProtocol, Port, Traits, Transport } from '@sluice/model';
import { transportOf } from '@sluice/model';
import type { PortAgreement } from '../settings.ts';
import type { PlannedOpening } from './openings.ts';

/** Openings that take one global port, or an even one and the next. */
interface Slot {
  readonly transport: IpProtocol;
  readonly openings: readonly [PlannedOpening] | readonly [rtp: PlannedOpening, rtcp: PlannedOpening];
}

/** Whether a transport's global port is known to be taken. */
export type PortTaken = (transport: IpProtocol, port: Port) => boolean;

/** What to ask a gateway for when it lists its free ports (GatewaySession.freePorts). */
export interface FreePortWish {
  readonly transport: Transport;
  readonly count: number;
  readonly paired: boolean;
}

/**
 * The way that is taken to agree on ports: the wished one where the type has it, else the type's first. A type that
 * has no port groups cannot pick for pairs. Undefined: the type has no way that serves.
 */
export function agreementFor(
  wished: PortAgreement,
  openings: readonly PlannedOpening[],
  traits: Traits,
): PortAgreement | undefined {
  const paired = openings.some((opening) => opening.portGroup);
  const ways = traits.portAgreement.filter((way) => way !== 'pick' || !paired || traits.portGroups);
  return ways.includes(wished) ? wished : ways[0];
}

/** Whether a global port has to be agreed on at all: not for IPv6, where it is the local one. */
export function needsPorts(openings: readonly PlannedOpening[]): boolean {
  return openings.some((opening) => opening.globalPort === undefined);
}

/**
 * Openings with a global port each, within `range`. Where `isFirst`: the local port if it is free, else the one that the
 * same device, port and remote have each time: a gateway that still translates their last flow goes on to do so as it
 * did, where it would give a flow to another global port another source. Drawn by lot otherwise. Undefined where no port
 * is left.
 */
export function proposePorts(
  openings: readonly PlannedOpening[],
  range: readonly [least: Port, most: Port],
  taken: PortTaken,
  isFirst: boolean,
  random: () => number,
): readonly PlannedOpening[] | undefined {
  const chosen = new Map<string, Port>();
  const now = new Set<string>();
  for (const { transport, openings: members } of slotsOf(openings)) {
    const fits = (port: Port) =>
      members.every(
        (_, offset) =>
          port + offset <= range[1] && !taken(transport, port + offset) && !now.has(`${transport} ${port + offset}`),
      ) && port >= range[0];
    const local = members[0].local.port;
    const even = members.length === 2;
    const lot = isFirst ? () => shareOf(members[0]) : random;
    const port = isFirst && !(even && local % 2) && fits(local) ? local : drawPort(range, even, fits, lot);
    if (port === undefined) return undefined;
    for (const [offset, opening] of members.entries()) {
      chosen.set(opening.id, port + offset);
      now.add(`${transport} ${port + offset}`);
    }
  }
  return withPorts(openings, chosen);
}

/** What to ask a gateway's list of free ports for. More singles than needed are wished, as pairs may be among them. */
export function freePortWishes(openings: readonly PlannedOpening[]): readonly FreePortWish[] {
  const slots = slotsOf(openings);
  const wishes: FreePortWish[] = [];
  for (const transport of ['tcp', 'udp', 'sctp'] as const) {
    const singles = slots.filter((slot) => slot.transport === transport && slot.openings.length === 1).length;
    const pairs = slots.filter((slot) => slot.transport === transport && slot.openings.length === 2).length;
    if (pairs > 0) wishes.push({ transport, count: pairs * 2, paired: true });
    if (singles > 0) wishes.push({ transport, count: singles + pairs * 2, paired: false });
  }
  return wishes;
}

/** Openings with the listed free ports; `lists[i]` answers `wishes[i]`. Undefined where they do not suffice. */
export function assignPorts(
  openings: readonly PlannedOpening[],
  wishes: readonly FreePortWish[],
  lists: readonly (readonly Port[])[],
): readonly PlannedOpening[] | undefined {
  const chosen = new Map<string, Port>();
  const gone = new Set<string>();
  // Pairs first: they are the harder to place.
  const slots = [...slotsOf(openings)].sort((a, b) => b.openings.length - a.openings.length);
  for (const { transport, openings: members } of slots) {
    const paired = members.length === 2;
    const list = lists[wishes.findIndex((wish) => wish.transport === transport && wish.paired === paired)] ?? [];
    const port = list.find(
      (candidate) =>
        !(paired && candidate % 2) && members.every((_, offset) => !gone.has(`${transport} ${candidate + offset}`)),
    );
    if (port === undefined) return undefined;
    for (const [offset, opening] of members.entries()) {
      chosen.set(opening.id, port + offset);
      gone.add(`${transport} ${port + offset}`);
    }
  }
  return withPorts(openings, chosen);
}

function slotsOf(openings: readonly PlannedOpening[]): readonly Slot[] {
  const open = openings.filter((opening) => opening.globalPort === undefined);
  return open.flatMap((opening): Slot[] => {
    const transport = transportOf(opening.streamType);
    const group = opening.portGroup;
    if (group?.offset === 1) return [];
    const second = group && open.find((other) => other.portGroup?.name === group.name && other.portGroup.offset === 1);
    return [{ transport, openings: second ? [opening, second] : [opening] }];
  });
}

/** From 0 to below 1, by an opening's ends alone (FNV-1a). */
function shareOf({ local, remote }: PlannedOpening): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${local.address} ${local.port} ${remote.address} ${remote.port}`))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

function drawPort(
  [least, most]: readonly [Port, Port],
  even: boolean,
  fits: (port: Port) => boolean,
  random: () => number,
): Port | undefined {
  const first = even ? least + (least % 2) : least;
  const stride = even ? 2 : 1;
  const places = Math.floor((most - first) / stride) + 1;
  const start = Math.floor(random() * places);
  for (let i = 0; i < places; i++) {
    const port = first + ((start + i) % places) * stride;
    if (fits(port)) return port;
  }
  return undefined;
}

/** A named port says all that a group would. */
function withPorts(openings: readonly PlannedOpening[], chosen: ReadonlyMap<string, Port>): readonly PlannedOpening[] {
  return openings.map((opening) => {
    const globalPort = chosen.get(opening.id);
    if (globalPort === undefined) return opening;
    const { portGroup: _, ...rest } = opening;
    return { ...rest, globalPort };
  });
}
