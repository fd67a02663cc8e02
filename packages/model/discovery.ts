import type { IpAddress } from './address.ts';
import type { Instant } from './clock.ts';
import type { GatewayType } from './gateway-type.ts';

/** A UPnP gateway that answered, as it describes itself. */
export interface SeenIgd {
  readonly address: IpAddress;
  readonly udn: string;
  readonly manufacturer: string;
  readonly model: string;
  /** Of its HTTP answers: operating system, UPnP version, product. */
  readonly server: string;
  /** Of InternetGatewayDevice, 1 or 2, by the services that it has. */
  readonly version: number;
  /** Its connection to the internet can be used: it is up, and has an address. */
  readonly connected: boolean;
  /** Of that connection, in its own words: "Connected". */
  readonly status?: string;
  readonly external?: IpAddress;
  /** It opens pinholes for IPv6. */
  readonly firewall: boolean;
  /** It is where the default route leads. */
  readonly isDefaultRouter: boolean;
}

/** A server of PCP or NAT-PMP that answered. */
export interface SeenPortControl {
  readonly address: IpAddress;
  /** Of PCP, 2; of NAT-PMP, 0. */
  readonly version: number;
  /** Seconds since it last lost its mappings. */
  readonly epoch: number;
  readonly external?: IpAddress;
}

/** Our own agent, by the certificate that it showed. */
export interface SeenAgent {
  readonly address: IpAddress;
  readonly endpointId: string;
  /** The certificate is of the asker's own deployment; else this is what it says of itself. */
  readonly isProven: boolean;
}

/** What DHCP says that tells of the gateway: the word of whoever answers DHCP there, and no more than a hint. */
export interface DhcpTold {
  /** Who gave the lease. */
  readonly server?: IpAddress;
  readonly routers: readonly IpAddress[];
  readonly vendorClass?: string;
  /** Where TR-069 devices there are told to go, for their configuration server. */
  readonly acsUrl?: string;
  /** Where USP agents there are told to go (a URL or a name), and whom to find. */
  readonly controllerUrl?: string;
  readonly controllerId?: string;
  /** Which TR-069 device the gateway is, as it says to devices behind it (TR-069 Annex F). */
  readonly gateway?: { readonly oui: string; readonly serialNumber: string; readonly productClass?: string };
  /** Who serves PCP there (RFC 7291). */
  readonly pcpServers: readonly IpAddress[];
}

/** A lease that this device has, as its DHCP client keeps it. */
export interface DhcpHint extends DhcpTold {
  readonly interface: string;
  readonly keptBy: 'systemd-networkd' | 'dhclient' | 'NetworkManager' | 'dhcpcd';
}

/** The ways in which a device looks for its gateway. */
export type WayToLook = 'agent' | 'pcp' | 'igd' | 'nat-pmp';

/** What a device sees of the gateway that it is behind. What was looked for in vain is in `missing`, with the reason. */
export interface HomeSightings {
  /** Where the default routes lead. */
  readonly router4?: IpAddress;
  readonly router6?: IpAddress;
  /** The device has an IPv6 address that is no link-local one, and a route out. */
  readonly hasIpv6: boolean;
  readonly agent?: SeenAgent;
  readonly pcp?: SeenPortControl;
  readonly igd?: SeenIgd;
  readonly natPmp?: SeenPortControl;
  /** What DHCP said to it, where its client keeps that. */
  readonly dhcp?: DhcpHint;
  readonly missing: Readonly<Partial<Record<WayToLook, string>>>;
}

/**
 * How one of the ways that are registered for a home went. `answered`: it was reached and is at the home; `elsewhere`: it
 * was reached, and is not where the request came from; `failed`: it cannot be reached; `late`: it did not answer before
 * the others were judged, and was given up; `barred`: it was not tried, since what it would be told goes to an address
 * that nobody registered.
 */
export type WayOutcome = 'answered' | 'elsewhere' | 'failed' | 'late' | 'barred';

/** One way that was tried. */
export interface TriedWay {
  readonly gatewayId: string;
  readonly type: GatewayType;
  readonly outcome: WayOutcome;
  /** Since the trial began, ms. */
  readonly ms: number;
  readonly why?: string;
}

/**
 * How a registration came to be without an operator. `ways`: of the ways that are registered for its home, the best that
 * answered. `address`: the request came from an address of a gateway that is
 * registered. `calls-in`: from where a gateway with a certificate of ours is connected. `agent`: the appliance saw our
 * agent's certificate, and that agent is connected. `appliance`: the appliance's word alone. `person`: whoever sat before
 * it said so, when nothing else told.
 */
export type DiscoveredBy = 'ways' | 'address' | 'calls-in' | 'agent' | 'appliance' | 'person';

/** Why a registration is believed that no operator made. */
export interface Evidence {
  readonly by: DiscoveredBy;
  readonly at: Instant;
  /** Whose request it was. */
  readonly applianceId: string;
  /** Where it came from. */
  readonly observed: IpAddress;
  /** The registered ways that were tried, the one that is used among them. */
  readonly tried?: readonly TriedWay[];
  readonly sightings?: HomeSightings;
}

/** Servers whose PCP says yes to FILTER and lets everybody in; their UPnP narrows. docs/interoperability.md has what was seen. */
const pcpWithoutFilter = /miniupnpd/i;

/** The ways in which an appliance can speak to the gateway that it sees, the best first. */
export function waysIn({ pcp, igd, natPmp }: HomeSightings): readonly GatewayType[] {
  const usable = igd?.connected === true;
  const ways: readonly (readonly [GatewayType, boolean])[] = [
    ['pcp', pcp !== undefined],
    ['igd', usable],
    ['nat-pmp', natPmp !== undefined],
  ];
  const found = ways.flatMap(([type, isThere]) => (isThere ? [type] : []));
  const isFirst = usable && pcpWithoutFilter.test(igd.server);
  return isFirst ? found.toSorted((one, other) => Number(other === 'igd') - Number(one === 'igd')) : found;
}
