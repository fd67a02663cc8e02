import { transportOf } from '@sluice/model';
import { sameEndpoint } from './check.ts';
import { deleteFlow, dumpFlows, getFlow, markFlow, readFlow, type TrackedFlow } from './conntrack/flow.ts';
import type { KernelOpening } from './data-plane.ts';
import type { Answer } from './netlink/message.ts';
import type { NetfilterSocket } from './netlink/socket.ts';
import type { Request } from './netlink/writer.ts';
import { getElement } from './nftables/element.ts';
import { markField, shapeOf } from './opening-elements.ts';
import type { Ruleset } from './ruleset.ts';

/** An opening just made, with its number. */
export interface Opened {
  readonly opening: KernelOpening;
  readonly id: number;
}

/**
 * Brings flows that were there before an opening under it. A flow takes an opening's number and translation at its
 * first packet only, so an older one has another number or none. Translated as the opening wants, it gets the
 * opening's number; translated otherwise, it is forgotten, and its next packet begins anew. That nothing passes that
 * must not does not depend on this: a flow whose number does not live is dropped all the same.
 */
export function settleFlows(
  socket: NetfilterSocket,
  ruleset: Pick<Ruleset, 'table' | 'isNumber'>,
  opened: readonly Opened[],
): void {
  const questions = opened.flatMap((entry) => exactQuestions(entry.opening).map((request) => ({ entry, request })));
  const answers = socket.ask(questions.map(({ request }) => request));
  const acts: Request[] = [];
  for (const [index, { entry }] of questions.entries())
    for (const flow of flowsIn(answers[index] ?? [])) acts.push(...settle(flow, entry, ruleset));
  for (const entry of opened) {
    if (['sap', 'peer'].includes(shapeOf(entry.opening))) continue;
    // A wildcard gives way to the living openings beside it, which may be more specific.
    for (const flow of wildcardFlows(socket, entry.opening))
      if (!isLive(socket, ruleset, flow.mark)) acts.push(...settle(flow, entry, ruleset));
  }
  socket.ask(acts);
}

/**
 * The ways a packet of the path looks, as it comes from outside and as it comes from inside: one look-up each, which
 * finds a flow by either direction; untranslated, they are one flow. A wildcard has no exact path.
 */
function exactQuestions({ streamType, remote, global, local }: KernelOpening): Request[] {
  const { address, port = streamType === 'esp' ? 0 : undefined } = remote;
  if (address === undefined || port === undefined) return [];
  const [transport, far] = [transportOf(streamType), { address, port }];
  const outside = getFlow({ transport, from: far, to: global }, 'original');
  if (sameEndpoint(global, local)) return [outside];
  return [outside, getFlow({ transport, from: local, to: far }, 'original')];
}

/** Flows with an end at the opening's global or local endpoint and a remote end that it allows: a walk of the table. */
function wildcardFlows(socket: NetfilterSocket, { streamType, remote, global, local }: KernelOpening): TrackedFlow[] {
  const transport = transportOf(streamType);
  const found = [
    { direction: 'original', end: 'to', endpoint: global },
    { direction: 'reply', end: 'to', endpoint: global },
    { direction: 'original', end: 'from', endpoint: local },
    { direction: 'reply', end: 'from', endpoint: local },
  ] as const;
  return found.flatMap(({ direction, end, endpoint }) => {
    const [answers = []] = socket.ask([dumpFlows(transport, direction, end, endpoint)]);
    return flowsIn(answers).filter((flow) => {
      const { [end]: near, [end === 'to' ? 'from' : 'to']: far } = flow[direction];
      const allowed = (remote.address ?? far.address) === far.address && (remote.port ?? far.port) === far.port;
      return allowed && sameEndpoint(near, endpoint);
    });
  });
}

function settle(flow: TrackedFlow, { opening, id }: Opened, { isNumber }: Pick<Ruleset, 'isNumber'>): Request[] {
  const { original, reply } = flow;
  const { global, local } = opening;
  const begunOutside =
    sameEndpoint(original.to, global) && sameEndpoint(reply.from, local) && sameEndpoint(original.from, reply.to);
  const begunInside =
    sameEndpoint(original.from, local) && sameEndpoint(reply.to, global) && sameEndpoint(original.to, reply.from);
  if (begunOutside || begunInside) return flow.mark === id ? [] : [markFlow(original, id)];
  // A TCP connection that the home made by itself goes on; forgotten, it could not be resumed.
  return original.transport === 'tcp' && !isNumber(flow.mark) ? [] : [deleteFlow(original)];
}

function isLive(
  socket: NetfilterSocket,
  { table, isNumber }: Pick<Ruleset, 'table' | 'isNumber'>,
  mark: number,
): boolean {
  if (!isNumber(mark)) return false;
  const [answers = []] = socket.ask([getElement(table, { set: 'live', key: markField(mark) })]);
  return answers.some((answer) => answer.kind === 'message');
}

function flowsIn(answers: readonly Answer[]): TrackedFlow[] {
  return answers.flatMap((answer) => (answer.kind === 'message' ? [readFlow(answer.payload)] : []));
}
