import { type Gateway, type IpAddress, type Prefix, parseIpAddress, prefixContains } from '@sluice/model';

/**
 * Why a way may not be tried: what proves us to the gateway would go to an address that no operator registered.
 * `calledFrom`: where the gateway last called from, if it is not connected all the time. Undefined where it may be.
 *
 * USP and SSH go to the registered address, or over the connection that the gateway made. A TR-069 device without one is
 * woken where it says itself, and by UDP where it was seen: that has to be registered too, as the home's address.
 */
export function barredFrom(
  { type, communication }: Gateway,
  at: readonly Prefix[],
  calledFrom: IpAddress | undefined,
): string | undefined {
  if (type !== 'cwmp') return undefined;
  const { connectionRequestUrl: url } = communication;
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined;
  if (calledFrom === undefined)
    return host === undefined ? 'it has not called yet, and no address to wake it at is registered' : undefined;
  const isRegistered = at.some((prefix) => prefixContains(prefix, calledFrom));
  if (isRegistered || (host !== undefined && (parseIpAddress(host) ?? calledFrom) === calledFrom)) return undefined;
  return `it last called from ${calledFrom}, which is registered neither for it nor for the home`;
}
