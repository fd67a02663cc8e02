import {
  familyOf,
  type GatewayAddresses,
  type IpAddress,
  isUnicastHost,
  type Prefix,
  prefixContains,
  type Refusal,
  type RequestedStream,
  type RequestFlow,
} from '@sluice/model';

/**
 * Whether a request came through the gateway that its appliance is registered behind. IPv4: it was seen to come from
 * a global address of the gateway; where it was translated once more further out, only IPv6 streams can come in, and
 * only if the gateway `findsDevice` by the device's own end of the flow. IPv6: from a device in the home's prefixes
 * that is not the gateway itself.
 */
export function checkPath(
  flow: RequestFlow,
  addresses: GatewayAddresses,
  { streams, findsDevice }: { readonly streams: readonly RequestedStream[]; readonly findsDevice: boolean },
): Refusal | undefined {
  const { address } = flow.observed;
  if (familyOf(address) === 4) {
    if (addresses.global.includes(address)) return undefined;
    const needsNoTranslation = streams.every(({ remote }) => familyOf(remote.address) === 6);
    // Whether the request came from this home at all, the gateway finds out.
    if (needsNoTranslation && findsDevice && flow.sent) return undefined;
    const shared = addresses.global.find((own) => familyOf(own) === 4 && !isPublic(own));
    return shared === undefined
      ? elsewhere(address, 'is no global address of its gateway')
      : behindAnother(address, shared);
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

/** The gateway's own address on the WAN side is no public one: whose box translates once more, the address tells. */
function behindAnother(address: string, own: IpAddress): Refusal {
  const by = prefixContains(carriers, own)
    ? "it is its provider's, who shares one public address among customers (carrier NAT), and nobody in the home can have a stream let in there; ask the provider for a public IPv4 address, or use IPv6"
    : 'it is a private one, behind another router that translates once more and lets no stream in; register that router as the one in front of it, set one of the two to bridge mode, or use IPv6';
  return {
    code: 'behind-another-nat',
    message: `the internet sees the home as ${address}, and its gateway has the address ${own}: ${by}`,
    subject: own,
  };
}

/** Private (RFC 1918), shared by a carrier (RFC 6598) or link-local (RFC 3927) addresses are not reached from outside. */
function isPublic(address: IpAddress): boolean {
  return !notPublic.some((prefix) => prefixContains(prefix, address));
}

const carriers: Prefix = { address: '100.64.0.0', length: 10 };
const notPublic: readonly Prefix[] = [
  { address: '10.0.0.0', length: 8 },
  { address: '172.16.0.0', length: 12 },
  { address: '192.168.0.0', length: 16 },
  carriers,
  { address: '169.254.0.0', length: 16 },
];

function elsewhere(address: string, how: string): Refusal {
  return {
    code: 'path-mismatch',
    message: `the request came from ${address}, which ${how}; ask from inside the home, or register the appliance with the gateway it is behind`,
    subject: address,
  };
}
