/**
 * A household's firewall as a router of its own has it, in short: what the home begins passes, one port is forwarded to
 * the tablet, everything else is dropped. For the shared home, in place of none.
 */
export const householdsOwn = `table inet household {
  chain dstnat {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "wan0" tcp dport 8080 dnat ip to 192.168.1.3:80
    iifname "wan0" udp dport 16400 dnat ip to 192.168.1.3:53
  }
  chain srcnat {
    type nat hook postrouting priority srcnat; policy accept;
    meta nfproto ipv4 oifname "wan0" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state invalid drop
    ct state new meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn drop
    ct state established,related accept
    iifname "lan0" accept
    iifname "wan0" ip daddr 192.168.1.3 tcp dport 80 accept
    iifname "wan0" ip daddr 192.168.1.3 udp dport 53 accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname { "lo", "lan0" } accept
    ct state established,related accept
    meta l4proto { icmp, icmpv6 } accept
    iifname "wan0" ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
  }
}
`;

/** Set for the tests of this process: beside which firewall the shared home's gateway stands. */
export const besideVariable = 'SLUICE_TEST_BESIDE';

/** That firewall; undefined where the gateway stands alone. */
export function firewallBeside(): string | undefined {
  if (process.env[besideVariable] !== 'household') return undefined;
  return isUntranslated() ? householdsOwn.replaceAll(/^.*(?:dnat ip|masquerade).*\n/gm, '') : householdsOwn;
}

/** Set for the tests of this process: whether the shared home's gateway is a firewall alone, that translates nothing. */
export const untranslatedVariable = 'SLUICE_TEST_UNTRANSLATED';

/** Whether it is. */
export function isUntranslated(): boolean {
  return process.env[untranslatedVariable] === 'yes';
}
