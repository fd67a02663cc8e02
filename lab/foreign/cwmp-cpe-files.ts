import type { HeldMapping, HeldRule } from '../../packages/drivers/cwmp/test/cpe/mappings.ts';

/** The chains that hold a device's openings. */
export const cpeChains = ['mappings', 'translated', 'translated_back'] as const;

/** Where a device takes connection requests. */
export const connectionRequestPort = 7547;

/** Where a device stands. */
export interface CpeInterfaces {
  readonly wan: string;
  readonly lan: string;
  /** Its global IPv4 address. */
  readonly external: string;
}

/**
 * The firewall and translation of a home router without any opening, as routers have them: what runs goes on running,
 * what the home begins goes out, nothing else comes in.
 */
export function cpeRuleset({ wan, lan }: CpeInterfaces): string {
  return `table inet cpe
delete table inet cpe
table inet cpe {
  chain mappings { }
  chain translated { }
  chain translated_back { }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "${lan}" oifname "${wan}" accept
    meta l4proto ipv6-icmp accept
    iifname "${wan}" jump mappings
  }
  chain input {
    type filter hook input priority filter; policy accept;
    ct state established,related accept
    meta l4proto { icmp, ipv6-icmp } accept
    iifname "${wan}" tcp dport ${connectionRequestPort} accept
    iifname "${wan}" drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    iifname "${wan}" jump translated
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "${wan}" jump translated_back
    oifname "${wan}" meta nfproto ipv4 masquerade
  }
}
`;
}

/** What a mapping is to a kernel. */
export type CpeMapping = Omit<HeldMapping, 'path' | 'description'>;
/** What a rule of the chain for controllers is to a kernel. */
export type CpeRule = Omit<HeldRule, 'path' | 'description'>;

/** One transaction that leaves these mappings, with rules of the chain for controllers before them, and no others. */
export function cpeMappings(
  mappings: readonly CpeMapping[],
  { external }: CpeInterfaces,
  drops: readonly CpeRule[] = [],
): string {
  // What was not translated here was sent past the mapping, to the device itself.
  const first = [
    'add rule inet cpe mappings meta nfproto ipv4 ct status & dnat == 0 drop',
    ...drops.map(({ transport, source, sourcePort, client, clientPort }) => {
      const from = `ip saddr ${source} ${transport} sport != ${sourcePort}`;
      return `add rule inet cpe mappings ${from} ip daddr ${client} ${transport} dport ${clientPort} drop`;
    }),
  ];
  const rules = mappings.flatMap((mapping) => {
    const { family, transport, source, sourcePort, globalPort, client, clientPort } = mapping;
    const ip = family === 4 ? 'ip' : 'ip6';
    const from = `${source === '' ? '' : `${ip} saddr ${source} `}${sourcePort > 0 ? `${transport} sport ${sourcePort} ` : ''}`;
    const admit = `add rule inet cpe mappings ${from}${ip} daddr ${client} ${transport} dport ${clientPort} accept`;
    if (family === 6) return [admit];
    const to = `ip daddr ${external} ${transport} dport ${globalPort}`;
    // As routers do that keep one mapping for a device's port: what it sends first leaves from the same global port.
    const back = `${source === '' ? '' : `ip daddr ${source} `}ip saddr ${client} ${transport} sport ${clientPort}`;
    return [
      admit,
      `add rule inet cpe translated ${from}${to} dnat ip to ${client}:${clientPort}`,
      `add rule inet cpe translated_back ${back} snat ip to ${external}:${globalPort}`,
    ];
  });
  return `${cpeChains.map((chain) => `flush chain inet cpe ${chain}`).join('\n')}\n${[...first, ...rules].join('\n')}\n`;
}
