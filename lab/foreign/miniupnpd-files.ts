/** Where miniupnpd is to be the gateway, and how it is set. */
export interface MiniupnpdOptions {
  /** The gateway's namespace, of `BuiltNetwork.namespace`: it forwards, and has both interfaces. */
  readonly namespace: string;
  readonly wan: string;
  readonly lan: string;
  /** The home's IPv4 network, "192.168.1.0/24"; only its hosts may map ports. */
  readonly home: string;
  /** Lines besides, and in place of those of the same name, as in miniupnpd.conf: `{ lease_file: '/x' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * The firewall of a home with miniupnpd: what is inside may go out, translated; from outside comes in what answers,
 * and what miniupnpd's chains let in. The chains have the names that it fills by default.
 */
export function miniupnpdRuleset({ wan, lan }: Pick<MiniupnpdOptions, 'wan' | 'lan'>): string {
  return `table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "${lan}" oifname "${wan}" accept
    meta l4proto ipv6-icmp accept
    jump miniupnpd
  }
  chain input {
    type filter hook input priority filter;
    iifname "${wan}" ct state new meta l4proto { tcp, udp } drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    jump postrouting_miniupnpd
    oifname "${wan}" meta nfproto ipv4 masquerade
  }
}
`;
}

/** A miniupnpd.conf: everything on, for the hosts of the home, ports from 1024. */
export function miniupnpdConfiguration({ wan, lan, home, settings = {} }: MiniupnpdOptions): string {
  const lines: Readonly<Record<string, string>> = {
    ext_ifname: wan,
    // By its name: given as an address, IPv6 is off.
    listening_ip: lan,
    enable_natpmp: 'yes',
    enable_upnp: 'yes',
    secure_mode: 'yes',
    uuid: '3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c11',
    ...settings,
  };
  return [
    ...Object.entries(lines).map(([name, value]) => `${name}=${value}`),
    `allow 1024-65535 ${home} 1024-65535`,
    'deny 0-65535 0.0.0.0/0 0-65535',
    '',
  ].join('\n');
}
