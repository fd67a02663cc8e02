import {
  familyOf,
  type GatewayAddresses,
  isUnicastHost,
  prefixContains,
  type Refusal,
  type RequestFlow,
} from '@sluice/model';

/**
 * Whether a request came through the gateway that its appliance is registered behind. IPv4: it was seen to come from
 * a global address of the gateway. IPv6: from a device in the home's prefixes that is not the gateway itself.
 */
export function checkPath(flow: RequestFlow, addresses: GatewayAddresses): Refusal | undefined {
  const { address } = flow.observed;
  if (familyOf(address) === 4) {
    return addresses.global.includes(address) ? undefined : elsewhere(address, 'is no global address of its gateway');
  }
  if (!isUnicastHost(address) || !addresses.local.some((prefix) => prefixContains(prefix, address)))
    return elsewhere(address, 'is in no network of its home');
  if (addresses.own.includes(address)) {
    return {
      code: 'target-is-gateway',
      message: `the request came from ${address}, which is the gateway itself; only a device behind it can be opened to`,
      subject: address,
    };
  }
  return undefined;
}

function elsewhere(address: string, how: string): Refusal {
  return {
    code: 'path-mismatch',
    message: `the request came from ${address}, which ${how}; ask from inside the home, or register the appliance with the gateway it is behind`,
    subject: address,
  };
}
