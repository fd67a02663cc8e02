import { type IgdSightingPorts, seeIgd } from '@sluice/drivers/igd';
import { seeNatPmp } from '@sluice/drivers/nat-pmp';
import { type PcpSightingPorts, seePcp } from '@sluice/drivers/pcp';
import {
  type DhcpHint,
  familyOf,
  type HomeSightings,
  type IpAddress,
  isUnicastHost,
  prefixContains,
  type SeenAgent,
  type SeenPortControl,
  type WayToLook,
} from '@sluice/model';

/** What looking at the home needs of this machine. */
export interface LookPorts extends Omit<IgdSightingPorts, 'clock'>, Pick<PcpSightingPorts, 'udp' | 'clock'> {
  /** UDP port of PCP and NAT-PMP; left out, the standard's. */
  readonly portControlPort?: number;
  /** The lease of an interface, as its DHCP client keeps it. */
  dhcp(interfaceName: string): Promise<DhcpHint | undefined>;
  /** Our agent at an address of the gateway, or why there is none. */
  agent(address: IpAddress, signal: AbortSignal): Promise<SeenAgent | string>;
}

/** Longest time that looking takes, ms. Devices spread their answers to a search over a second, and are asked twice. */
export const mostLookMs = 3_000;

/**
 * Looks at this home's gateway in every way at once, for {@link mostLookMs} at most. Changes nothing at it. `told` hears
 * of each way as it is through. Rejects with the signal's reason alone.
 */
export async function lookAtHome(
  ports: LookPorts,
  signal: AbortSignal,
  told: (way: WayToLook, isThere: boolean) => void = () => {},
): Promise<HomeSightings> {
  const { home, clock, portControlPort } = ports;
  const { gateways, prefixes, addresses } = home();
  const routerOf = (family: 4 | 6) => gateways.find(({ address }) => familyOf(address) === family)?.address;
  const [router4, router6] = [routerOf(4), routerOf(6)];
  const late = new AbortController();
  const cancel = clock.after(mostLookMs, () => late.abort(new Error(`no answer within ${mostLookMs / 1_000} s`)));
  const until = AbortSignal.any([signal, late.signal]);
  const missing: Partial<Record<WayToLook, string>> = {};
  const seen = async <Seen extends object>(way: WayToLook, looking: Promise<Seen | string>) => {
    const found = await looking.catch((error: Error) => error.message);
    signal.throwIfAborted();
    told(way, typeof found !== 'string');
    if (typeof found !== 'string') return found;
    missing[way] = found.slice(0, 256);
    return undefined;
  };
  const control = { ...ports, ...(portControlPort !== undefined && { port: portControlPort }) };
  // A link-local address would need the interface beside it, and a gateway of ours has others.
  const place = router4 ?? (router6 !== undefined && isUnicastHost(router6) ? router6 : undefined);
  try {
    const [towards] = gateways;
    const dhcp = towards && (await ports.dhcp(towards.interface));
    // Whoever answers DHCP may name anybody: nobody outside the home is asked.
    const named = dhcp?.pcpServers.filter((server) => prefixes.some((prefix) => prefixContains(prefix, server))) ?? [];
    const [agent, pcp, igd, natPmp] = await Promise.all([
      seen('agent', place === undefined ? nowhere() : ports.agent(place, until)),
      seen('pcp', seeFirst([...named.map((address) => ({ ...control, address })), control], until)),
      seen('igd', seeIgd(ports, until)),
      seen('nat-pmp', seeNatPmp(control, until)),
    ]);
    return {
      ...(router4 !== undefined && { router4 }),
      ...(router6 !== undefined && { router6 }),
      hasIpv6: router6 !== undefined && addresses.some(({ address }) => familyOf(address) === 6),
      ...(agent && { agent }),
      ...(pcp && { pcp }),
      ...(igd && { igd }),
      ...(natPmp && { natPmp }),
      ...(dhcp && { dhcp }),
      missing,
    };
  } finally {
    cancel();
  }
}

/** All are asked at once; of those that answer the first counts. */
async function seeFirst(all: readonly PcpSightingPorts[], signal: AbortSignal): Promise<SeenPortControl | string> {
  const asking = all.map((ports) => seePcp(ports, signal).catch((error: Error) => error.message));
  let last = '';
  for (const one of asking) {
    const found = await one;
    if (typeof found !== 'string') return found;
    last = found;
  }
  return last;
}

async function nowhere(): Promise<string> {
  return 'no default route leads to a gateway';
}
