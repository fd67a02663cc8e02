import type { Content } from '@sluice/api';
import { type Endpoint, type Family, familyOf, type IpAddress } from '@sluice/model';
import type { BuiltNetwork } from '../build.ts';
import { apiOf, originOf, partPorts } from '../configurations.ts';
import type { Deployment } from '../parts.ts';
import { addressesFacing, pathOf, type Topology, wayOut } from '../topology.ts';
import { openingsInKernel } from './kernel-openings.ts';
import type { Surroundings, Target } from './probes.ts';

/** The device that a session is held with: the first home's television. */
export const appliance = 'tv-1';
/** Who tries to get in from between two boxes, where there are two. */
export const neighbour = 'neighbour';
/** Local ports of the appliance, from here on: an even one and the next for RTP and its RTCP. */
const firstLocalPort = 5000;
/** Every port that a gateway may open: the right packet is tried on all of them before the session. */
export const globalPorts: readonly number[] = Array.from({ length: 32768 - 16384 }, (_, index) => 16384 + index);

/** What the probes of a session over `family` go around, in the first home. */
export function surroundingsOf({ topology, address, addresses }: BuiltNetwork, family: Family): Surroundings {
  const hasNeighbour = topology.hosts.some(({ name }) => name === neighbour);
  const outside = ['media', 'stranger', ...(hasNeighbour ? [neighbour] : [])] as const;
  const [server, stranger, between] = outside.map((host) => addresses(host)[4]);
  const lan = addresses(appliance)[4];
  return {
    otherServerAddress: address('media', family).replace(/10$/, '11'),
    stranger: address('stranger', family),
    otherDevice: address('tablet-1', family),
    entrances: entrancesOf(topology, family),
    ...(hasNeighbour && { neighbour: address(neighbour, family) }),
    ...(lan &&
      server &&
      stranger && { lan: { appliance: lan, server, stranger, ...(between && { neighbour: between }) } }),
  };
}

/** The addresses by which a packet could be meant for the first home: those of each box, facing outside. IPv6: its devices have their own. */
export function entrancesOf(topology: Topology, family: Family): readonly IpAddress[] {
  if (family === 6) return [];
  return wayOut(topology, appliance).flatMap(({ name }) => addressesFacing(topology, name, 'wan', 4));
}

/** A content as the portal lists it. Rejects where it has none of that id. */
export async function findContent(
  deployment: Deployment,
  contentId: string,
  family: Family,
  signal: AbortSignal,
): Promise<Content> {
  const url = `${originOf(deployment.network, 'portal', partPorts.portal)}/v1/contents?family=${family}`;
  const { status, body } = await deployment.operator.ask('GET', url, undefined, signal);
  if (status !== 200) throw new Error(`the portal lists no contents: ${status} ${JSON.stringify(body)}`);
  const { contents } = body as { contents: readonly Content[] };
  const content = contents.find((content) => content.contentId === contentId);
  if (content) return content;
  throw new Error(
    `There is no content "${contentId}"; there are ${contents.map((each) => each.contentId).join(', ')}.`,
  );
}

/** The openings as they can be guessed before the request: all but where they lead from is known then. */
export function targetsBefore(content: Content, { network }: Deployment, family: Family): Target[] {
  const local = network.address(appliance, family);
  const entrances = entrancesOf(network.topology, family);
  const entrance = entrances.at(-1) ?? local;
  const inner = entrances[0];
  return content.streams.map((stream, index) => {
    const port = firstLocalPort + index;
    const target = {
      streamId: stream.id,
      kind: stream.streamType === 'tcp' ? 'tcp' : stream.streamType === 'rtcp' ? 'rtcp' : 'rtp',
      // Both ways of beginning a flow in one session: the appliance speaks first on everything of its sound.
      firstSpeaker: stream.id.startsWith('audio') ? 'appliance' : 'server',
      remote: stream.remote,
      local: { address: local, port },
      global: { address: entrance, port },
      ...(inner !== undefined && inner !== entrance && { inner: { address: inner, port } }),
    } as const;
    return stream.payloadType === undefined ? target : { ...target, payloadType: stream.payloadType };
  });
}

/** Where the gateway nearest to the appliance lets a session's streams in, by the streams' local ports. */
export async function innerEnds(
  { network, operator }: Deployment,
  sessionId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Endpoint>> {
  const nearest = pathOf(network.topology, appliance)[0]?.runs.endpointId ?? '';
  const url = `${apiOf(network)}/v1/openings?gatewayId=${encodeURIComponent(nearest)}`;
  const { status, body } = await operator.ask('GET', url, undefined, signal);
  if (status !== 200) throw new Error(`the openings of ${nearest}: ${status} ${JSON.stringify(body)}`);
  const { openings } = body as { openings: readonly { sessionId: string; global: Endpoint; local: Endpoint }[] };
  return new Map(
    openings.filter((opening) => opening.sessionId === sessionId).map(({ local, global }) => [local.port, global]),
  );
}

/** The ports of its address that an opening may be on, as far as they are tried before it is there. */
export function portsBefore({ global, local }: Pick<Target, 'global' | 'local'>): readonly number[] {
  return familyOf(global.address) === 6 ? [local.port] : globalPorts;
}

/** How many openings the kernels of all gateways in front of some devices hold. */
export async function openingsLeft(
  deployment: Deployment,
  devices: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { network } = deployment;
  const gateways = new Set(devices.flatMap((device) => pathOf(network.topology, device)).map(({ name }) => name));
  const counts = [...gateways].map((name) => {
    const foreign = deployment.foreign(name);
    return foreign ? foreign.openings(signal) : openingsInKernel(network, name, signal);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
