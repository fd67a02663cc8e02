import { type HomeSightings, type IpAddress, parsePrefix, prefixContains, type SeenIgd, waysIn } from '@sluice/model';

/** What stands between this network and streams from outside, by a stable name. */
export type Obstacle =
  | 'no-gateway'
  | 'no-way-in'
  | 'upnp-off'
  | 'not-the-router'
  | 'wan-down'
  | 'private-wan'
  | 'carrier-nat'
  | 'translated-again'
  | 'no-ipv6';

/** What a look at the home says to a person. */
export interface Conclusions {
  /** The type that this gateway would be registered with; undefined where there is none. */
  readonly type?: string;
  /** Its address on the internet, as it says itself. */
  readonly external?: IpAddress;
  /** Which gateway it is and what it can do. */
  readonly gateway: readonly string[];
  /** What is in the way; none: nothing that can be seen from here. */
  readonly obstacles: readonly { readonly obstacle: Obstacle; readonly sentence: string }[];
}

const among = (texts: readonly string[]) => {
  const prefixes = texts.flatMap((text) => parsePrefix(text) ?? []);
  return (address: IpAddress) => prefixes.some((prefix) => prefixContains(prefix, address));
};
/** RFC 1918, RFC 3927. */
const isPrivate = among(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16']);
/** RFC 6598. */
const isCarriers = among(['100.64.0.0/10']);

/** Puts sightings into sentences. `portalSaw`: the address that a portal saw this device come from, where one was asked. */
export function concluded(sightings: HomeSightings, portalSaw?: IpAddress): Conclusions {
  const { agent, igd, natPmp } = sightings;
  const external = igd?.external ?? natPmp?.external;
  const [way] = waysIn(sightings);
  const type = agent ? 'sluice' : way;
  return {
    ...(type !== undefined && { type }),
    ...(external !== undefined && { external }),
    gateway: [...gatewaySentences(sightings), ...dhcpSentences(sightings)],
    obstacles: obstacles(sightings, type, external, portalSaw),
  };
}

function gatewaySentences(sightings: HomeSightings): string[] {
  const { router4, router6, agent, igd, pcp, natPmp } = sightings;
  const routers = [router4 && `${router4} (IPv4)`, router6 && `${router6} (IPv6)`].filter((text) => text);
  const sentences = routers.length > 0 ? [`The gateway of this network is at ${routers.join(' and ')}.`] : [];
  if (agent?.isProven)
    sentences.push(
      `It runs Sluice's own agent, ${agent.endpointId}: every opening is held exactly, and ends by itself.`,
    );
  else if (agent)
    sentences.push(
      `It says that it runs Sluice's own agent, ${agent.endpointId}; with --identity that can be checked.`,
    );
  if (igd) {
    const name = [igd.manufacturer, igd.model].filter((text) => text !== '').join(' ') || 'a device without a name';
    const pinholes = igd.firewall ? ' It opens IPv6 pinholes too.' : '';
    const isUp = igd.connected || hidesAddress(igd);
    const wan = `its connection to the internet is ${isUp ? 'up' : 'down'}`;
    sentences.push(
      `It speaks UPnP IGD ${igd.version}: ${name} (${igd.server || 'no server named'}); ${wan}.${pinholes}`,
    );
  }
  if (pcp)
    sentences.push(`It speaks PCP, version ${pcp.version}; it has kept its mappings for ${duration(pcp.epoch)}.`);
  if (natPmp) sentences.push(`It speaks NAT-PMP; it has kept its mappings for ${duration(natPmp.epoch)}.`);
  const external = igd?.external ?? natPmp?.external;
  if (external !== undefined) sentences.push(`Its address outside is ${external}.`);
  return sentences;
}

/** What DHCP said, in one sentence each; nothing where no client keeps a lease. */
function dhcpSentences({ dhcp, router4 }: HomeSightings): string[] {
  if (!dhcp) return [];
  const { server, routers, keptBy, gateway, acsUrl, controllerUrl, controllerId, pcpServers } = dhcp;
  const from = server === undefined ? 'a server that is not kept' : server;
  const isRouter = server !== undefined && (server === router4 || routers.includes(server));
  const who = isRouter ? `${from}, its router` : from;
  const sentences = [`This device has its address by DHCP from ${who} (${dhcp.interface}, as ${keptBy} keeps it).`];
  if (gateway) {
    const { oui, serialNumber, productClass } = gateway;
    const name = productClass === undefined ? '' : ` (${productClass})`;
    sentences.push(
      `DHCP says that the gateway is the TR-069 device ${oui}-${serialNumber}${name}: an operator can register it as cwmp, with oui=${oui} and serial=${serialNumber}.`,
    );
  }
  if (acsUrl !== undefined)
    sentences.push(`DHCP says that TR-069 devices here are set up by ${acsUrl}: that is the provider's, most likely.`);
  if (controllerUrl !== undefined || controllerId !== undefined)
    sentences.push(
      `DHCP says that USP agents here are set up by ${[controllerId, controllerUrl].filter((text) => text !== undefined).join(' at ')}.`,
    );
  if (pcpServers.length > 0) sentences.push(`DHCP says that PCP is served by ${pcpServers.join(', ')}.`);
  return sentences;
}

function obstacles(
  sightings: HomeSightings,
  type: string | undefined,
  external: IpAddress | undefined,
  portalSaw: IpAddress | undefined,
): Conclusions['obstacles'] {
  const { router4, router6, igd, agent, hasIpv6, missing } = sightings;
  const found: { obstacle: Obstacle; sentence: string }[] = [];
  const add = (obstacle: Obstacle, sentence: string) => void found.push({ obstacle, sentence });
  if (router4 === undefined && router6 === undefined)
    add('no-gateway', 'This device has no default route: it is behind no gateway, or its network is down.');
  else if (type === undefined)
    add(
      'no-way-in',
      'The gateway answers in no way that a device at home can use. Turn UPnP, PCP or NAT-PMP on in its settings; or have an operator register how it is spoken to from outside (TR-369, TR-069, SSH).',
    );
  if (!igd && !agent && router4 !== undefined)
    add('upnp-off', `UPnP is off, or the gateway has none (${missing.igd ?? 'nobody answers'}).`);
  if (igd && !igd.isDefaultRouter)
    add('not-the-router', `What speaks UPnP is ${igd.address}, and the default route leads elsewhere: two gateways.`);
  if (igd && hidesAddress(igd))
    add(
      'private-wan',
      'By UPnP it is connected, and has no address outside that it would name: it is a private one, of another router in front of it that translates once more (double NAT). Set one of the two to bridge mode, or use IPv6.',
    );
  else if (igd && !igd.connected)
    add('wan-down', 'By UPnP its connection to the internet is down: nothing can come in before it is up.');
  if (external !== undefined && isPrivate(external))
    add(
      'private-wan',
      `The gateway's address outside, ${external}, is a private one: another router in front of it translates once more (double NAT). Set one of the two to bridge mode, or use IPv6.`,
    );
  else if (external !== undefined && isCarriers(external))
    add(
      'carrier-nat',
      `The gateway's address outside, ${external}, is shared by the provider (carrier NAT): nothing comes in over IPv4. Use IPv6, or ask the provider for a public address.`,
    );
  else if (isTranslatedAgain(external, portalSaw))
    add(
      'translated-again',
      `The portal saw this device come from ${portalSaw}, and the gateway's address outside is ${external}: the provider, or a VPN, translates once more. Nothing comes in over IPv4 that way.`,
    );
  if (!hasIpv6 && router4 !== undefined)
    add('no-ipv6', 'There is no IPv6 here: streams come in over IPv4 alone, through translation.');
  return found;
}

/** Gateways that map no ports of a private address leave it out (miniupnpd does). */
function hidesAddress({ connected, status, external }: SeenIgd): boolean {
  return !connected && status === 'Connected' && external === undefined;
}

function isTranslatedAgain(external: IpAddress | undefined, portalSaw: IpAddress | undefined): boolean {
  return external !== undefined && portalSaw !== undefined && !portalSaw.includes(':') && portalSaw !== external;
}

/** "3 d 4 h", "12 min", "5 s" */
function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let rest = seconds;
  const parts = units.flatMap(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.slice(0, 2).join(' ') || '0 s';
}
