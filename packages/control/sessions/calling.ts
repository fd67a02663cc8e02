import {
  type CallParty,
  type CallRequest,
  type ContentRequest,
  type Port,
  type Refusal,
  type RequestedStream,
  refuse,
} from '@sluice/model';
import { entriesOf } from '../planning/hops.ts';
import type { PlannedOpening } from '../planning/openings.ts';
import type { LiveSession, Side } from './live.ts';

/**
 * The two halves of a call as requests. Where each party's streams come from is known only when the global ports are
 * chosen: until then it is where the other was seen, at its own port.
 */
export function halvesOf(call: CallRequest): readonly [ContentRequest, ContentRequest] | Refusal {
  const { caller, callee } = call;
  const streams = caller.streams.map(({ id }) => callee.streams.find((stream) => stream.id === id));
  if (streams.length !== callee.streams.length || streams.some((stream) => stream === undefined))
    return refuse('malformed', 'the two parties of the call do not name the same streams');
  const matching = { ...callee, streams: streams.filter((stream) => stream !== undefined) };
  return [halfOf(call, caller, matching), halfOf(call, matching, caller)];
}

function halfOf({ requestId, contentId, portalId }: CallRequest, party: CallParty, other: CallParty): ContentRequest {
  const { address } = other.flow.observed;
  const streams = party.streams.map(
    (stream, index): RequestedStream => ({
      ...stream,
      remote: { address, port: other.streams[index]?.localPort ?? stream.localPort },
    }),
  );
  return { requestId, contentId, portalId, ...party, streams };
}

/**
 * The openings of a session's homes, hop by hop in one row. In a call each home lets in the other's global endpoints,
 * which are known now: the session's requests are told so too.
 */
export function connectParties(
  live: LiveSession,
  homes: readonly (readonly (readonly PlannedOpening[])[])[],
): readonly (readonly PlannedOpening[])[] | Refusal {
  const { request, peer } = live.session;
  const [own, other] = homes;
  if (!peer || !own || !other) return homes.flat();
  const ends = [entriesOf(request, own.at(-1) ?? []), entriesOf(peer, other.at(-1) ?? [])];
  const [ownEnds, otherEnds] = ends;
  if (!ownEnds || !otherEnds) return refuse('trait-missing', 'the global ports of both homes must be known first');
  const from = (remotes: typeof ownEnds) => (opening: PlannedOpening, stream: number) => {
    const remote = remotes[stream];
    return remote ? { ...opening, remote } : opening;
  };
  const streamsFrom = (half: ContentRequest, remotes: typeof ownEnds) => ({
    ...half,
    streams: half.streams.map((stream, index) => ({ ...stream, remote: remotes[index] ?? stream.remote })),
  });
  live.connectParties(streamsFrom(request, otherEnds), streamsFrom(peer, ownEnds));
  return [...own.map((hop) => hop.map(from(otherEnds))), ...other.map((hop) => hop.map(from(ownEnds)))];
}

/** The openings of an outermost hop on the ports that the parties of a call were told of already. */
export function withToldPorts(
  { toldPorts, session }: LiveSession,
  side: Side,
  openings: readonly PlannedOpening[],
): readonly PlannedOpening[] {
  if (!toldPorts) return openings;
  const told: Readonly<Record<string, Port>> = side === 'own' ? toldPorts.caller : toldPorts.callee;
  return openings.map((opening, stream) => {
    const port = told[session.request.streams[stream]?.id ?? ''];
    if (port === undefined || opening.globalPort !== undefined) return opening;
    const { portGroup: _, ...rest } = opening;
    return { ...rest, globalPort: port };
  });
}
