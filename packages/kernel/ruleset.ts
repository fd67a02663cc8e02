import { createHash } from 'node:crypto';
import type { Interfaces } from './data-plane.ts';
import { streamCodes, typedRtp } from './stream-code.ts';

/** Shapes of a remote endpoint, the most specific first: address and port, address alone, port alone, neither. */
export const shapes = ['sap', 'sa', 'sp', 'any'] as const;

/** One of {@link shapes}. */
export type Shape = (typeof shapes)[number];

/** Ordinary traffic of the home leaves from this port and above; global IPv4 ports of openings lie below. */
export const firstMasqueradePort = 32768;

/** The gateway's packet filter as a value: an nftables table, before it has any opening. */
export interface Ruleset {
  /** Of family inet. */
  readonly table: string;
  /** Stands in the table's comment; two rulesets of one version are the same text. */
  readonly version: string;
  /** The table in the language of nft(8). */
  readonly text: string;
}

/** Owner mode: the gateway has no other firewall, and what this table does not name does not pass. */
export function ownerRuleset(table: string): Ruleset {
  const body = [sets(), arriving(), leaving(), forward(), governed(), streamTypes(), input()].join('\n');
  const version = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { table, version, text: `table inet ${table} {\n  comment "${version}"\n${body}}\n` };
}

/**
 * The text that `nft -f -` takes: the ruleset, closed, in place of whatever that table held, with its interfaces; one
 * transaction. Throws RangeError on a name that is no interface's.
 */
export function loadText(ruleset: Ruleset, interfaces: Interfaces): string {
  const { table } = ruleset;
  const fill = (set: string, members: readonly (string | number)[]) =>
    members.length > 0 ? `add element inet ${table} ${set} { ${members.join(', ')} }\n` : '';
  return [
    `table inet ${table} {}\ndelete table inet ${table}\n${ruleset.text}`,
    fill('wan', interfaces.wan.map(quoted)),
    fill('lan', interfaces.lan.map(quoted)),
    fill('listening', interfaces.listening ?? []),
  ].join('');
}

function quoted(name: string): string {
  if (!/^[A-Za-z0-9_.:@-]{1,15}$/.test(name)) throw new RangeError(`not an interface name: ${JSON.stringify(name)}`);
  return `"${name}"`;
}

/** Fields of the remote endpoint in each shape, as sources or destinations. */
const remote: Record<Shape, readonly ('address' | 'port')[]> = {
  sap: ['address', 'port'],
  sa: ['address'],
  sp: ['port'],
  any: [],
};

/**
 * `in` and `out` find an opening's number by its remote endpoint with its global (for IPv6, local) or local one;
 * `local4` and `global4` translate by number; `live` says that a number lives and what it carries; `counted` counts.
 */
function sets(): string {
  const types = (family: 4 | 6, shape: Shape) =>
    remote[shape].map((field) => (field === 'address' ? `ipv${family}_addr` : 'inet_service'));
  const map = (name: string, key: readonly string[]) =>
    `  map ${name} { type ${key.join(' . ')} : mark; flags timeout; }\n`;
  const end = (family: 4 | 6) => [`ipv${family}_addr`, 'inet_service'];
  return [
    '  set wan { type ifname; }\n  set lan { type ifname; }\n  set listening { type inet_service; }\n',
    ...shapes.map((shape) => map(`in4_${shape}`, ['inet_proto', ...types(4, shape), ...end(4)])),
    ...shapes.map((shape) => map(`in6_${shape}`, ['inet_proto', ...types(6, shape), ...end(6)])),
    ...shapes.map((shape) => map(`out4_${shape}`, ['inet_proto', ...end(4), ...types(4, shape)])),
    '  map local4 { type mark : ipv4_addr . inet_service; flags timeout; }\n',
    '  map global4 { type mark : ipv4_addr . inet_service; flags timeout; }\n',
    '  map live { type mark : mark; flags timeout; }\n',
    '  set counted { type mark; flags timeout; counter; }\n',
  ].join('');
}

/** The first packet of each flow: the opening it belongs to becomes its mark, and translates it. */
function arriving(): string {
  const look = (family: 4 | 6, map: 'in4' | 'in6' | 'out4', remoteIs: 'source' | 'destination', then: string) =>
    shapes
      .map((shape) => {
        const ip = family === 4 ? 'ip' : 'ip6';
        const far = remoteIs === 'source' ? [`${ip} saddr`, 'th sport'] : [`${ip} daddr`, 'th dport'];
        const near = remoteIs === 'source' ? [`${ip} daddr`, 'th dport'] : [`${ip} saddr`, 'th sport'];
        const fields = remote[shape].map((field) => (field === 'address' ? far[0] : far[1]));
        const key = map === 'out4' ? [...near, ...fields] : [...fields, ...near];
        const match = `meta nfproto ipv${family} meta l4proto { tcp, udp }`;
        return `    ${match} ct mark set ${['meta l4proto', ...key].join(' . ')} map @${map}_${shape} ${then}\n`;
      })
      .join('');
  return `  chain arriving {
    type nat hook prerouting priority dstnat; policy accept;
    iifname @wan goto from_wan
    iifname @lan goto from_lan
  }
  chain from_wan {
${look(4, 'in4', 'source', 'goto to_local')}${look(6, 'in6', 'source', 'accept')}  }
  chain to_local {
    meta nfproto ipv4 meta l4proto { tcp, udp } dnat ip to ct mark map @local4
  }
  chain from_lan {
${look(4, 'out4', 'destination', 'accept')}${look(6, 'in6', 'destination', 'accept')}  }
`;
}

/**
 * Again the first packet of each flow only. What came from the WAN does not go back there, whatever it was mapped to.
 * Connections to the gateway itself that were there before this table, an operator's, are met in their middle and stay
 * as they are.
 */
function leaving(): string {
  const from = firstMasqueradePort;
  return `  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    oifname != @wan accept
    iifname @wan counter drop
    meta nfproto ipv4 meta l4proto { tcp, udp } ct mark != 0 snat ip to ct mark map @global4
    tcp flags & (fin | syn | rst | ack) != syn accept
    meta nfproto ipv4 meta l4proto { tcp, udp } masquerade to :${from}-65535
    meta nfproto ipv4 masquerade
  }
`;
}

/** Every packet that is passed on. Flows without a mark are the household's own, and it began them. */
function forward(): string {
  return `  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state invalid counter drop
    meta l4proto tcp jump tcp_only
    ct mark != 0 goto governed
    iifname @lan ct direction original accept
    iifname @lan oifname @lan accept
    iifname @wan ct direction reply accept
    counter drop
  }
  chain tcp_only {
    ct state new tcp flags & (fin | syn | rst | ack) != syn counter drop
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
  }
`;
}

/** Every packet of a flow that belongs to an opening, both directions, whoever began it. */
function governed(): string {
  return `  chain governed {
    meta mark set ct mark map @live goto by_type
    counter drop
  }
  chain passed {
    ct mark @counted accept
    counter drop
  }
`;
}

/** What comes in must be of the opening's type; what goes out need not be. ICMP errors about a flow go with it. */
function streamTypes(): string {
  const { tcp, udp, rtp, rtcp } = streamCodes;
  const otherwise = `    iifname @lan goto passed
    ct state related goto passed
    counter drop
`;
  // Marker bit clear or set, RFC 3550 5.1.
  const payloadTypes = Array.from({ length: 128 }, (_, type) => type).flatMap((type) => [
    `${typedRtp + type} . ${type}`,
    `${typedRtp + type} . ${type + 128}`,
  ]);
  return `  chain by_type {
    meta mark vmap { ${tcp} : goto passed, ${udp} : goto passed, ${rtp} : goto rtp, ${rtcp} : goto rtcp, ${streamCodes['rtp-mux']} : goto rtp_mux }
    goto rtp_typed
  }
  chain rtp {
    @th,64,2 2 @th,72,8 != 192-223 goto passed
${otherwise}  }
  chain rtp_typed {
    @th,64,2 2 meta mark . @th,72,8 { ${payloadTypes.join(', ')} } goto passed
${otherwise}  }
  chain rtcp {
    @th,64,2 2 @th,72,8 192-223 goto passed
${otherwise}  }
  chain rtp_mux {
    @th,64,8 { 20-63, 128-191 } goto passed
    @th,64,8 0-3 @th,96,32 0x2112a442 goto passed
${otherwise}  }
`;
}

/** Packets for the gateway itself. A flow of an opening is never for the gateway. */
function input(): string {
  return `  chain input {
    type filter hook input priority filter; policy drop;
    ct mark != 0 counter drop
    ct state invalid drop
    iifname "lo" accept
    iifname @lan accept
    ct state established,related accept
    icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept
    icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
    icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } ip6 saddr fe80::/10 accept
    iifname @wan udp sport 67 udp dport 68 accept
    iifname @wan ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    iifname @wan tcp dport @listening accept
  }
`;
}
