import { transportOf } from '@sluice/model';
import { sameEndpoint } from './check.ts';
import { deleteFlow, getFlow, markFlow, readFlow, type TrackedFlow, type Tuple } from './conntrack/flow.ts';
import type { KernelOpening } from './data-plane.ts';
import type { NetfilterSocket } from './netlink/socket.ts';
import type { Request } from './netlink/writer.ts';

/**
 * Brings flows that were there before an opening under it. A flow takes its opening's number and its translation at
 * its first packet only, so one that is older has another number or none: translated as the opening wants, it gets the
 * opening's number; translated otherwise, it is forgotten, and its next packet begins anew. Nothing that must not pass
 * depends on this: a flow with a number that does not live is dropped all the same.
 */
export function settleFlows(socket: NetfilterSocket, opened: readonly { opening: KernelOpening; id: number }[]): void {
  const paths = opened.flatMap(({ opening, id }) => pathsOf(opening).map((path) => ({ path, id })));
  const found = socket.ask(paths.map(({ path }) => getFlow(path.asks, 'original')));
  const acts: Request[] = [];
  for (const [index, answers] of found.entries()) {
    const entry = paths[index];
    for (const answer of answers) {
      if (!entry || answer.kind !== 'message') continue;
      const act = settle(readFlow(answer.payload), entry.path, entry.id);
      if (act) acts.push(act);
    }
  }
  socket.ask(acts);
}

/** One side's packets as they come in, and how the other side's look to the sender: what the opening wants of a flow. */
interface Path {
  readonly asks: Tuple;
  readonly arrival: Tuple;
  readonly departure: Tuple;
}

function pathsOf(opening: KernelOpening): Path[] {
  const { address, port } = opening.remote;
  if (address === undefined || port === undefined) return [];
  const transport = transportOf(opening.streamType);
  const remote = { address, port };
  const arrival = { transport, from: remote, to: opening.global };
  const departure = { transport, from: opening.local, to: remote };
  return [
    { asks: arrival, arrival, departure },
    { asks: departure, arrival, departure },
  ];
}

function settle(flow: TrackedFlow, { arrival, departure }: Path, id: number): Request | undefined {
  const begunOutside = same(flow.original, arrival) && same(flow.reply, departure);
  const begunInside = same(flow.original, departure) && same(flow.reply, arrival);
  if (begunOutside || begunInside) return flow.mark === id ? undefined : markFlow(flow.original, id);
  // A TCP connection that the home made by itself goes on; forgotten, it could not be resumed.
  if (flow.original.transport === 'tcp' && flow.mark === 0) return undefined;
  return deleteFlow(flow.original);
}

function same(a: Tuple, b: Tuple): boolean {
  return sameEndpoint(a.from, b.from) && sameEndpoint(a.to, b.to);
}
