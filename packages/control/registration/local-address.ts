import {
  addressBytes,
  type Family,
  familyOf,
  type GatewayAddresses,
  type IpAddress,
  isUnicastHost,
  type Prefix,
  prefixContains,
  type Refusal,
} from '@sluice/model';

/** Where openings shall point: one address, or none where the gateway is to find the device from the request's flow. */
export type LocalAddress = { readonly address?: IpAddress } | Refusal;

/**
 * Chooses the device's address for openings of one IP version out of what the appliance said of itself. A single address must be
 * right; of several, those that cannot be right are passed over. Only one that remains alone is used: which of two
 * is the one that asked, the gateway knows better.
 */
export function chooseLocalAddress(
  stated: readonly IpAddress[],
  addresses: GatewayAddresses,
  family: Family,
  findsDevice: boolean,
): LocalAddress {
  const candidates = [...new Set(stated)].filter((address) => familyOf(address) === family);
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return checkTarget(only, addresses) ?? { address: only };
  const fitting = candidates.filter((address) => checkTarget(address, addresses) === undefined);
  const [alone] = fitting;
  if (fitting.length === 1 && alone !== undefined) return { address: alone };
  if (candidates.length > 0 && fitting.length === 0) {
    return {
      code: 'local-address-outside-home',
      message: `none of ${candidates.join(', ')} is an address of a device in the home behind the gateway`,
    };
  }
  if (findsDevice) return {};
  return {
    code: 'local-address-needed',
    message: `this gateway cannot find the device by itself; name the one local IPv${family} address that shall receive the streams`,
  };
}

/** Why an opening may not point at `address`; undefined where it may. */
export function checkTarget(address: IpAddress, addresses: GatewayAddresses): Refusal | undefined {
  const home = addresses.local.find((prefix) => prefixContains(prefix, address));
  if (!isUnicastHost(address) || (home && isEdge(home, address))) {
    return {
      code: 'address-not-unicast',
      message: `the local address ${address} is no address of a single device`,
      subject: address,
    };
  }
  if (addresses.own.includes(address) || addresses.global.includes(address)) {
    return {
      code: 'target-is-gateway',
      message: `the local address ${address} is the gateway's own; only a device behind it can be opened to`,
      subject: address,
    };
  }
  if (home) return undefined;
  return {
    code: 'local-address-outside-home',
    message: `the local address ${address} is in no network of the home behind the gateway`,
    subject: address,
  };
}

/** Whether `address` is an IPv4 network's own name or its broadcast address (RFC 919, RFC 3021 for /31). */
function isEdge(home: Prefix, address: IpAddress): boolean {
  if (familyOf(address) === 6 || home.length > 30) return false;
  const bits = addressBytes(address).reduce((value, byte) => value * 256 + byte, 0);
  const size = 2 ** (32 - home.length);
  return bits % size === 0 || bits % size === size - 1;
}
