import { type Endpoint, familyOf, isPort } from '@sluice/model';
import type { KernelOpening } from './data-plane.ts';
import { firstMasqueradePort } from './ruleset-parts.ts';

/** Longest tag: what nft(8) still shows of a comment. */
export const longestTag = 120;

/**
 * Whether the kernel can hold an opening as it stands: addresses of one family, ports in range, an IPv4 global port
 * below the masquerade's, an opening untranslated for IPv6 and where the gateway does not translate. Addresses are
 * canonical text already.
 */
export function canHold(opening: KernelOpening, translates: boolean): boolean {
  const { remote, global, local, payloadType, streamType, tag } = opening;
  const family = familyOf(global.address);
  return (
    familyOf(local.address) === family &&
    (remote.address === undefined || familyOf(remote.address) === family) &&
    (remote.port === undefined || isPort(remote.port)) &&
    (streamType === 'esp' ? hasNoPorts(opening) : isPort(global.port) && isPort(local.port)) &&
    (family === 4 && translates ? global.port < firstMasqueradePort : sameEndpoint(global, local)) &&
    (opening.inside === undefined || isHairpin(opening, translates)) &&
    (payloadType === undefined || (streamType === 'rtp' && isPayloadType(payloadType))) &&
    Buffer.byteLength(tag) <= longestTag &&
    !tag.includes('\0')
  );
}

/** Whether two openings are the same in all but their tag. */
export function sameOpening(a: KernelOpening, b: KernelOpening): boolean {
  return (
    a.streamType === b.streamType &&
    a.payloadType === b.payloadType &&
    a.remote.address === b.remote.address &&
    a.remote.port === b.remote.port &&
    sameEndpoint(a.global, b.global) &&
    sameEndpoint(a.local, b.local) &&
    a.inside?.address === b.inside?.address &&
    a.inside?.port === b.inside?.port
  );
}

/** Whether two endpoints are one. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.address === b.address && a.port === b.port;
}

/** Whether the kernel keeps time for so long: 1 ms up to 10 years. */
export function isLease(leaseMs: number): boolean {
  return leaseMs >= 1 && leaseMs <= 10 * 365 * 86_400_000;
}

/** Two ends in one home, each seen as its own opening's global endpoint. */
function isHairpin({ inside, remote, global, local, streamType }: KernelOpening, translates: boolean): boolean {
  const ends = [inside, global, local, remote].map((end) => end?.address);
  const isIpv4 = ends.every((address) => address !== undefined && familyOf(address) === 4);
  return translates && isIpv4 && streamType !== 'esp' && remote.port !== undefined && isPort(inside?.port ?? 0);
}

/** ESP has none; it is for one peer, and with it for one device. */
function hasNoPorts({ remote, global, local }: KernelOpening): boolean {
  return remote.address !== undefined && remote.port === undefined && global.port === 0 && local.port === 0;
}

function isPayloadType(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 127;
}
