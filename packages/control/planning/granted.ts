import {
  familyOf,
  type GatewayAddresses,
  type GrantedOpening,
  type Opening,
  prefixContains,
  type Traits,
} from '@sluice/model';
import { checkTarget } from '../registration/local-address.ts';
import { isTranslated } from './openings.ts';

/**
 * What is wrong with what a gateway says it granted, in words; undefined where each opening asked for is there and
 * as tight as it was asked. A gateway's word is checked, for nothing may be widened in silence.
 */
export function faultOfGrant(
  asked: readonly Opening[],
  granted: readonly GrantedOpening[],
  gateway: { readonly addresses: GatewayAddresses; readonly traits: Traits },
): string | undefined {
  const byId = new Map(granted.map((opening) => [opening.id, opening]));
  for (const opening of asked) {
    const got = byId.get(opening.id);
    if (!got) return `${opening.id} is not among what was granted`;
    const fault = faultOf(opening, got, gateway);
    if (fault) return `${opening.id} ${fault}`;
  }
  for (const opening of asked) {
    const { portGroup } = opening;
    if (portGroup?.offset !== 1) continue;
    const first = asked.find((other) => other.portGroup?.name === portGroup.name && other.portGroup.offset === 0);
    const port = first && byId.get(first.id)?.globalPort;
    if (port !== undefined && (port % 2 === 1 || byId.get(opening.id)?.globalPort !== port + 1))
      return `${opening.id} is not on the port after an even one`;
  }
  return undefined;
}

/** Whether a grant is on another global port than asked for: it is taken by somebody, and another may be free. */
export function isElsewhere(asked: readonly Opening[], granted: readonly GrantedOpening[]): boolean {
  const ports = new Map(granted.map(({ id, globalPort }) => [id, globalPort]));
  return asked.some(({ id, globalPort }) => globalPort !== undefined && ports.has(id) && ports.get(id) !== globalPort);
}

function faultOf(
  asked: Opening,
  got: GrantedOpening,
  { addresses, traits }: { readonly addresses: GatewayAddresses; readonly traits: Traits },
): string | undefined {
  if (got.streamType !== asked.streamType) return `lets in ${got.streamType} instead of ${asked.streamType}`;
  if (got.payloadType !== asked.payloadType) return 'lets in another payload type than asked';
  if (got.remote.address !== asked.remote.address || got.remote.port !== asked.remote.port)
    return 'lets in another server than asked';
  if (got.local.port !== asked.local.port) return 'leads to another port than asked';
  if (asked.local.address !== undefined && got.local.address !== asked.local.address)
    return 'leads to another device than asked';
  const astray = checkTarget(got.local.address, addresses);
  if (astray) return `leads astray: ${astray.message}`;
  if (asked.globalPort !== undefined && got.globalPort !== asked.globalPort)
    return 'is on another global port than asked';
  if (got.global.port !== got.globalPort) return 'names two global ports';
  const known = isTranslated(traits, familyOf(got.global.address))
    ? addresses.global.includes(got.global.address)
    : addresses.local.some((prefix) => prefixContains(prefix, got.global.address));
  return known ? undefined : `is on ${got.global.address}, which is no address of this gateway`;
}

/** Whether what a gateway holds under an opening's id is what the session believes. */
export function sameOpening(one: GrantedOpening, other: GrantedOpening): boolean {
  return (
    one.streamType === other.streamType &&
    one.payloadType === other.payloadType &&
    one.remote.address === other.remote.address &&
    one.remote.port === other.remote.port &&
    one.global.address === other.global.address &&
    one.global.port === other.global.port &&
    one.local.address === other.local.address &&
    one.local.port === other.local.port
  );
}
