import { isPort, type PortGroup, type Refusal, refuse, type Transport } from '@sluice/model';
import type { GlobalPorts } from './global-ports.ts';

/** Free and held ports of each transport. */
export type PortsByTransport = Readonly<Record<Transport, GlobalPorts>>;

/** What one row of a change wants: this port, or whichever; alone, or as half of a pair. */
export interface PortWish {
  readonly transport: Transport;
  readonly asked: number | undefined;
  readonly group: PortGroup | undefined;
}

/** A port for each wish, all of them held; or why wish `index` gets none, and nothing is held. */
export type Assignment =
  | { readonly ok: true; readonly ports: readonly number[] }
  | { readonly ok: false; readonly index: number; readonly refusal: Refusal };

interface Pair {
  readonly transport: Transport;
  readonly members: { readonly index: number; readonly offset: 0 | 1; readonly asked: number | undefined }[];
}

/**
 * Gives every wish its port and takes hold of it. A port that is asked for is held beside its other holders: whether
 * two openings can share it is a matter of their remote endpoints, which the caller checks.
 */
export function assignPorts(wishes: readonly PortWish[], ports: PortsByTransport): Assignment {
  const given = new Map<number, number>();
  const give = (index: number, port: number) => given.set(index, port);
  const fail = (index: number, refusal: Refusal): Assignment => {
    for (const [held, port] of given) ports[wishes[held]?.transport ?? 'udp'].release(port);
    return { ok: false, index, refusal };
  };
  const pairs = gatherPairs(wishes);
  if ('refusal' in pairs) return fail(pairs.index, pairs.refusal);
  // What is asked for comes first, so that nothing picked takes it away.
  for (const [index, { transport, asked }] of wishes.entries()) {
    if (asked === undefined) continue;
    const refusal = judgeAsked(asked, ports[transport]);
    if (refusal) return fail(index, refusal);
    ports[transport].hold(asked);
    give(index, asked);
  }
  for (const { transport, members } of pairs.list) {
    const pool = ports[transport];
    const even = evenPortOf(members);
    const open = members.filter((member) => member.asked === undefined);
    const [first] = open;
    if (!first) continue;
    if (even === undefined) {
      const picked = pool.pickPair(open.map((member) => member.offset));
      if (picked === undefined) return fail(first.index, noneLeft('pair of global ports'));
      for (const { index, offset } of open) give(index, picked + offset);
    } else {
      const port = even + first.offset;
      if (!pool.isFree(port)) return fail(first.index, refuse('port-in-use', `global port ${port} is taken`));
      pool.hold(port);
      give(first.index, port);
    }
  }
  for (const [index, { transport, asked, group }] of wishes.entries()) {
    if (asked !== undefined || group) continue;
    const picked = ports[transport].pick();
    if (picked === undefined) return fail(index, noneLeft('global port'));
    give(index, picked);
  }
  return { ok: true, ports: wishes.map((_, index) => given.get(index) ?? 0) };
}

function judgeAsked(port: number, pool: GlobalPorts): Refusal | undefined {
  if (!isPort(port)) return refuse('port-invalid', `${port} is no global port; leave it out and the gateway picks one`);
  return pool.includes(port) ? undefined : refuse('port-denied', `global port ${port} is not in this gateway's range`);
}

const noneLeft = (what: string) => refuse('ports-exhausted', `no ${what} is free`);

/** The even port that the members' asked ports imply; undefined where none is asked. */
function evenPortOf(members: Pair['members']): number | undefined {
  const member = members.find((candidate) => candidate.asked !== undefined);
  return member?.asked === undefined ? undefined : member.asked - member.offset;
}

function gatherPairs(wishes: readonly PortWish[]): { list: Pair[] } | { index: number; refusal: Refusal } {
  const pairs = new Map<string, Pair>();
  for (const [index, { transport, asked, group }] of wishes.entries()) {
    if (!group) continue;
    const key = `${transport} ${group.name}`;
    const pair = pairs.get(key) ?? { transport, members: [] };
    pairs.set(key, pair);
    if (pair.members.some((member) => member.offset === group.offset))
      return { index, refusal: refuse('port-invalid', `port group ${group.name} has two rows at ${group.offset}`) };
    pair.members.push({ index, offset: group.offset, asked });
    const even = evenPortOf(pair.members);
    if (even !== undefined && (even % 2 !== 0 || (asked !== undefined && asked !== even + group.offset)))
      return { index, refusal: refuse('port-invalid', `port group ${group.name} needs an even port and the next`) };
  }
  return { list: [...pairs.values()] };
}
