import { clientTls, type Identity, peerIdentity } from '@sluice/identity';
import { httpsPeer, systemClock } from '@sluice/io';
import { type Family, familyOf, parseIpAddress } from '@sluice/model';
import { openConsenting } from './consent.ts';
import { type Portal, remotePortal } from './portal.ts';
import type { Surroundings } from './receiving/receiving.ts';

/**
 * The portal at `origin`, over mutual TLS. Requests are signed for the home's gateway, which is at `gateway` or where the
 * default route leads. Throws RangeError where `origin` names an address of another IP version.
 */
export function connectPortal(
  origin: string,
  identity: Identity,
  family: Family | undefined,
  gateway?: string,
): { readonly portal: Portal } & AsyncDisposable {
  const address = parseIpAddress(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
  if (family !== undefined && address !== undefined && familyOf(address) !== family) {
    throw new RangeError(
      `${origin} is no IPv${family} address; name the portal by its host name or IPv${family} address`,
    );
  }
  let portalId: string | undefined;
  const accepts = (socket: Parameters<typeof peerIdentity>[0]) => {
    const portal = peerIdentity(socket);
    if (portal?.role === 'portal') portalId = portal.endpointId;
    return portal?.role === 'portal';
  };
  const consenting = openConsenting({ identity, gateway, clock: systemClock });
  const peer = httpsPeer({ origin, tls: clientTls(identity), accepts, family });
  return {
    portal: remotePortal(peer, systemClock, consenting, () => portalId),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

/** The machine's own time and chance. */
export const realSurroundings: Surroundings = {
  clock: systemClock,
  stopwatch: () => performance.now(),
  random: Math.random,
};
