import type { LinkQuestion } from '@sluice/api';
import { type Endpoint, familyOf, type IpAddress } from '@sluice/model';
import { type DeviceSocket, receivesAt } from '../io/socket-table.ts';
import type { AskedStream } from './own-requests.ts';

/** Whether somebody who asks a portal without a certificate is a program of this device. */
export type PlayerQuestion = Extract<LinkQuestion, { readonly ask: 'player' }>;

/** What is known of this device, anew each time. */
export interface PlayerGround {
  sockets(): readonly DeviceSocket[];
  ownAddresses(): ReadonlySet<IpAddress>;
  /** Where the portal is that this device is connected to. */
  portalAddresses(): Promise<ReadonlySet<IpAddress>>;
}

/** What a program of this device asked for, and the connection that it asked over. */
interface Claim {
  /** This device's end. */
  readonly local: Endpoint;
  readonly portal: Endpoint;
  readonly streams: readonly Required<AskedStream>[];
}

/**
 * Programs of this device that ask portals themselves: players, who show no certificate. That one of them asked is seen
 * from its connection, which has to be this device's own, to this device's portal, with the very port that the portal saw;
 * and the ports that it asked for have to be open, by the same user. What another device asks for looks like none of them.
 */
export class OwnPlayers {
  readonly #ground: PlayerGround;
  #claims: readonly Claim[] = [];

  constructor(ground: PlayerGround) {
    this.#ground = ground;
  }

  /** What goes to such programs now: what they asked for, while their connections and their ports are open. */
  streams(): readonly AskedStream[] {
    if (this.#claims.length === 0) return [];
    const sockets = this.#ground.sockets();
    this.#claims = this.#claims.filter((claim) => programOf(claim, sockets) === undefined);
    return this.#claims.flatMap(({ streams }) => streams);
  }

  /** Takes a request for one of this device's programs: the address it receives at; or why it is not one. */
  async claim({
    flow: { portal, observed },
    streams,
  }: Pick<PlayerQuestion, 'flow' | 'streams'>): Promise<{ readonly local: IpAddress } | string> {
    const { sockets, ownAddresses, portalAddresses } = this.#ground;
    if (!(await portalAddresses()).has(portal.address)) return `${portal.address} is not the portal of this device`;
    const now = sockets();
    const own = ownAddresses();
    // IPv4 is translated: the address is the gateway's, and a port that it changed is anybody's.
    const isSame = ({ address, port }: DeviceSocket['local']) =>
      port === observed.port &&
      own.has(address) &&
      (familyOf(observed.address) === 4 ? familyOf(address) === 4 : address === observed.address);
    const connection = now.find((socket) => isConnection(socket, portal) && isSame(socket.local));
    if (!connection)
      return `no program of this device is connected to ${portal.address} from port ${observed.port}: another device asks, or the gateway changes ports`;
    const claim: Claim = { local: connection.local, portal, streams };
    const others = this.#claims.filter((other) => !isSameConnection(other, claim));
    const why = programOf(claim, now) ?? takenBy(others, claim, now);
    if (why !== undefined) return why;
    const isKnown = this.#claims.some((other) => isSameConnection(other, claim) && coversAll(other, claim));
    if (!isKnown) this.#claims = [...this.#claims, claim];
    return { local: connection.local.address };
  }
}

/** Why it is no program of this device that receives; undefined where it is. */
function programOf({ local, portal, streams }: Claim, sockets: readonly DeviceSocket[]): string | undefined {
  const connection = sockets.find(
    (socket) =>
      isConnection(socket, portal) && socket.local.port === local.port && socket.local.address === local.address,
  );
  if (!connection) return 'its connection has ended';
  const missing = streams.find(
    ({ transport, port }) =>
      !sockets.some(
        (socket) =>
          socket.uid === connection.uid &&
          (transport === 'udp' ? socket.transport === 'udp' : socket.state === 'listening') &&
          receivesAt(socket, { address: local.address, port }),
      ),
  );
  return missing && `the user who is connected has no ${missing.transport} port ${missing.port} open here`;
}

/** A port receives for one connection. */
function takenBy(others: readonly Claim[], { streams }: Claim, sockets: readonly DeviceSocket[]): string | undefined {
  const ports = new Set(streams.map(({ port }) => port));
  const taken = others.find(
    (other) => other.streams.some(({ port }) => ports.has(port)) && programOf(other, sockets) === undefined,
  );
  return taken && 'another connection of this device asked for these ports';
}

function isConnection(socket: DeviceSocket, { address, port }: Endpoint): boolean {
  const { transport, state, remote } = socket;
  return transport === 'tcp' && state === 'established' && remote.address === address && remote.port === port;
}

function isSameConnection(one: Claim, other: Claim): boolean {
  return (
    one.local.address === other.local.address &&
    one.local.port === other.local.port &&
    one.portal.port === other.portal.port &&
    one.portal.address === other.portal.address
  );
}

function coversAll(one: Claim, { streams }: Claim): boolean {
  return streams.every((stream) =>
    one.streams.some(
      ({ transport, port, remote }) =>
        transport === stream.transport &&
        port === stream.port &&
        remote.address === stream.remote.address &&
        remote.port === stream.remote.port,
    ),
  );
}
