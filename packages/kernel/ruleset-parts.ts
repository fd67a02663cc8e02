import { streamCodes, typedRtp } from './stream-code.ts';

/** Shapes of a remote endpoint, the most specific first: address and port, address alone, port alone, neither. */
export const shapes = ['sap', 'sa', 'sp', 'any'] as const;

/** One of {@link shapes}; or, for what has no ports (ESP), two addresses and no more. */
export type Shape = (typeof shapes)[number] | 'peer';

/** What has ports, as nft(8) names it. */
const withPorts = '{ tcp, udp, sctp }';

/** Ordinary traffic of the home leaves from this port and above; global IPv4 ports of openings lie below. */
export const firstMasqueradePort = 32768;

/** Fields of the remote endpoint in each shape, as sources or destinations. */
const remote: Record<(typeof shapes)[number], readonly ('address' | 'port')[]> = {
  sap: ['address', 'port'],
  sa: ['address'],
  sp: ['port'],
  any: [],
};

/**
 * `in` and `out` find an opening's number by its remote endpoint with its global (for IPv6, local) or local one;
 * `local4` and `global4` translate by number; `hair4` and `seen4` do for two devices of this home (hairpin); `live` says that a number lives and what it carries; `counted` counts.
 * Where IPv4 is not translated either, its openings are as those of IPv6.
 */
export function sets(translates: boolean): string {
  const types = (family: 4 | 6, shape: (typeof shapes)[number]) =>
    remote[shape].map((field) => (field === 'address' ? `ipv${family}_addr` : 'inet_service'));
  const map = (name: string, key: readonly string[]) =>
    `  map ${name} { type ${key.join(' . ')} : mark; flags timeout; }\n`;
  const peers = (family: 4 | 6) => ['inet_proto', `ipv${family}_addr`, `ipv${family}_addr`];
  const end = (family: 4 | 6) => [`ipv${family}_addr`, 'inet_service'];
  return [
    '  set wan { type ifname; }\n  set lan { type ifname; }\n  set listening { type inet_service; }\n',
    ...shapes.map((shape) => map(`in4_${shape}`, ['inet_proto', ...types(4, shape), ...end(4)])),
    map('in4_peer', peers(4)),
    ...shapes.map((shape) => map(`in6_${shape}`, ['inet_proto', ...types(6, shape), ...end(6)])),
    map('in6_peer', peers(6)),
    ...(translates ? shapes.map((shape) => map(`out4_${shape}`, ['inet_proto', ...end(4), ...types(4, shape)])) : []),
    translates ? map('out4_peer', peers(4)) : '',
    translates ? map('hair4', ['inet_proto', ...end(4), ...end(4)]) : '',
    translates ? '  map seen4 { type mark : ipv4_addr . inet_service; flags timeout; }\n' : '',
    translates ? '  map local4 { type mark : ipv4_addr . inet_service; flags timeout; }\n' : '',
    translates ? '  map global4 { type mark : ipv4_addr . inet_service; flags timeout; }\n' : '',
    '  map live { type mark : mark; flags timeout; }\n',
    '  set counted { type mark; flags timeout; counter; }\n',
  ].join('');
}

/** Ends of a packet, or of its flow, by the words of nft(8). */
interface Ends {
  readonly from: readonly [address: string, port: string];
  readonly to: readonly [address: string, port: string];
}

/** Rules that look a packet up by its tuple in a family of maps, the most specific shape first. */
export function lookUps(family: 4 | 6, map: 'in4' | 'in6' | 'out4', ends: Ends, act: string, then: string): string {
  // Whose end is looked for first: a map of departures begins with the near one.
  const [first, second] = [ends.from, ends.to];
  const rule = (protocols: string, key: readonly string[], shape: Shape) =>
    `    meta nfproto ipv${family} meta l4proto ${protocols} ${act} ${['meta l4proto', ...key].join(' . ')} map @${map}_${shape} ${then}\n`;
  const rules = shapes.map((shape) => {
    const far = map === 'out4' ? second : first;
    const near = map === 'out4' ? first : second;
    const fields = remote[shape].map((field) => (field === 'address' ? far[0] : far[1]));
    return rule(withPorts, map === 'out4' ? [...near, ...fields] : [...fields, ...near], shape);
  });
  return [...rules, rule('esp', [first[0], second[0]], 'peer')].join('');
}

/** The ends of a packet as it is. */
export function packetEnds(family: 4 | 6): Ends {
  const ip = family === 4 ? 'ip' : 'ip6';
  return { from: [`${ip} saddr`, 'th sport'], to: [`${ip} daddr`, 'th dport'] };
}

/** The same, seen from the other end. */
export function exchanged({ from, to }: Ends): Ends {
  return { from: to, to: from };
}

/** The chains that give the first packet of each flow the number of its opening, and translate it. */
export function numbering(translates: boolean): string {
  const set = 'ct mark set';
  if (!translates)
    return `  chain from_wan {
${lookUps(4, 'in4', packetEnds(4), set, 'accept')}${lookUps(6, 'in6', packetEnds(6), set, 'accept')}  }
  chain from_lan {
${lookUps(4, 'in4', exchanged(packetEnds(4)), set, 'accept')}${lookUps(6, 'in6', exchanged(packetEnds(6)), set, 'accept')}  }
`;
  return `  chain from_wan {
${lookUps(4, 'in4', packetEnds(4), set, 'goto to_local')}${lookUps(6, 'in6', packetEnds(6), set, 'accept')}  }
  chain to_local {
    meta nfproto ipv4 meta l4proto { tcp, udp, sctp, esp } dnat ip to ct mark map @local4
  }
  chain from_lan {
    meta nfproto ipv4 meta l4proto ${withPorts} ${set} meta l4proto . ip saddr . th sport . ip daddr . th dport map @hair4 goto to_local
${lookUps(4, 'out4', packetEnds(4), set, 'accept')}${lookUps(6, 'in6', exchanged(packetEnds(6)), set, 'accept')}  }
`;
}

/**
 * What comes in must be of the opening's type; what goes out need not be. ICMP errors about a flow go with it. `kind` is
 * where a packet's stream code stands, `ofCode` what a code reads there.
 */
export function streamTypes(kind: string, ofCode: (code: number) => number | string): string {
  const { tcp, udp, sctp, esp, rtp, rtcp } = streamCodes;
  const value = (code: number) => `${ofCode(code)}`;
  const otherwise = `    iifname @lan goto passed
    ct state related goto passed
    counter drop
`;
  // Marker bit clear or set, RFC 3550 5.1.
  const payloadTypes = Array.from({ length: 128 }, (_, type) => type).flatMap((type) => [
    `${value(typedRtp + type)} . ${type}`,
    `${value(typedRtp + type)} . ${type + 128}`,
  ]);
  const whole = [tcp, udp, sctp, esp].map((code) => `${value(code)} : goto passed`);
  return `  chain by_type {
    ${kind} vmap { ${whole.join(', ')}, ${value(rtp)} : goto rtp, ${value(rtcp)} : goto rtcp, ${value(streamCodes['rtp-mux'])} : goto rtp_mux }
    goto rtp_typed
  }
  chain rtp {
    @th,64,2 2 @th,72,8 != 192-223 goto passed
${otherwise}  }
  chain rtp_typed {
    @th,64,2 2 ${kind} . @th,72,8 { ${payloadTypes.join(', ')} } goto passed
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

/** A TCP flow begins with a SYN alone; its segments fit the narrower way. */
export const tcpOnly = `  chain tcp_only {
    ct state new tcp flags & (fin | syn | rst | ack) != syn counter drop
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
  }
`;

/** An interface's name as nft(8) reads it. Throws RangeError where it is none. */
export function quoted(name: string): string {
  if (!/^[A-Za-z0-9_.:@-]{1,15}$/.test(name)) throw new RangeError(`not an interface name: ${JSON.stringify(name)}`);
  return `"${name}"`;
}
