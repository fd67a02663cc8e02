import { remoteAuthority } from '@sluice/api';
import { clientTls, type Membership, peerIdentity } from '@sluice/identity';
import { httpsPeer, systemClock } from '@sluice/io';
import { type Family, familyOf, parseIpAddress } from '@sluice/model';
import { openConsenting } from './consent.ts';
import { lookAtHome } from './discovery/look.ts';
import { realLook } from './discovery/real-look.ts';
import { applianceDrivers } from './drivers.ts';
import { HomeGateway } from './gateway/home-gateway.ts';
import type { OwnPlayers } from './gateway/own-players.ts';
import { ownAddresses } from './io/own-addresses.ts';
import { type Portal, remotePortal } from './portal.ts';
import type { Surroundings } from './receiving/receiving.ts';

/**
 * The portal at `origin`, over mutual TLS. Requests are signed for the home's gateway, which is at `gateway` or where the
 * default route leads; `players` are programs of this device that may ask it themselves. Throws RangeError where `origin` names an address of another IP version.
 */
export function connectPortal(
  origin: string,
  { identity, watch }: Pick<Membership, 'identity' | 'watch'>,
  family: Family | undefined,
  gateway?: string,
  players?: OwnPlayers,
): { readonly portal: Portal; readonly home: HomeGateway } & AsyncDisposable {
  const address = parseIpAddress(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
  if (family !== undefined && address !== undefined && familyOf(address) !== family) {
    throw new RangeError(
      `${origin} is no IPv${family} address; name the portal by its host name or IPv${family} address`,
    );
  }
  let portalId: string | undefined;
  const accepts = (socket: Parameters<typeof peerIdentity>[0]) => {
    const portal = watch.admits(socket) ? peerIdentity(socket) : undefined;
    if (portal?.role === 'portal') portalId = portal.endpointId;
    return portal?.role === 'portal';
  };
  const consenting = openConsenting({ identity, gateway, clock: systemClock });
  const peer = httpsPeer({ origin, tls: clientTls(identity), accepts, family });
  // Apart from the requests: the gateway finds this device by the connection that those leave in.
  const linkPeer = httpsPeer({ origin, tls: clientTls(identity), accepts, family, connections: 4 });
  const home = new HomeGateway({
    part: { name: 'portal', peer: linkPeer, clock: systemClock },
    drivers: (lost) => applianceDrivers({ clock: systemClock, secret: identity.keyPem, lost }),
    clock: systemClock,
    ownAddresses,
    look: (signal) => lookAtHome(realLook(identity), signal),
    players,
  });
  return {
    home,
    portal: remotePortal(peer, systemClock, consenting, () => portalId, home),
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await Promise.all([peer[Symbol.asyncDispose](), linkPeer[Symbol.asyncDispose]()]);
    },
  };
}

/**
 * Renews this device's certificate at the configuration server at `origin`, and takes in what is revoked, until the
 * signal aborts.
 */
export async function followDeployment(origin: string, own: Membership, signal: AbortSignal): Promise<void> {
  const accepts = (socket: Parameters<typeof peerIdentity>[0]) =>
    own.watch.admits(socket) && peerIdentity(socket)?.role === 'configuration-server';
  await using peer = httpsPeer({ origin, tls: clientTls(own.identity), accepts, connections: 2 });
  await own.follow(remoteAuthority({ name: 'configuration server', peer, clock: systemClock }), signal);
}

/** The machine's own time and chance. */
export const realSurroundings: Surroundings = {
  clock: systemClock,
  stopwatch: () => performance.now(),
  random: Math.random,
};
