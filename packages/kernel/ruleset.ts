import { createHash } from 'node:crypto';
import type { Interfaces, KernelOpening } from './data-plane.ts';
import { firstMasqueradePort, numbering, quoted, sets, streamTypes, tcpOnly } from './ruleset-parts.ts';
import type { Carried } from './stream-code.ts';
import { oneWay, severalWays } from './ways.ts';

/** The gateway's packet filter as a value: an nftables table, before it has any opening. */
export interface Ruleset {
  /** Of family inet. */
  readonly table: string;
  /** Stands in the table's comment; two rulesets of one version are the same text. */
  readonly version: string;
  /** Whether IPv4 is translated; an opening's global endpoint is its local one where it is not. */
  readonly translates: boolean;
  /** The table in the language of nft(8). */
  readonly text: string;
  /** The number of an opening: the connection mark of its flows, never 0. `sequence` is a whole number, 1 to 2^32 - 1. */
  numberOf(opening: Carried & Pick<KernelOpening, 'wan'>, sequence: number): number;
  /** The WAN interface by which the packets of that number come and go, where there are several; undefined for any. */
  wanOf(number: number): string | undefined;
  /** Whether an opening can be told to be on that interface: where there are several, it must be one of them. */
  knowsWan(wan: string): boolean;
  /** Whether a connection mark is the number of an opening, living or dead. */
  isNumber(mark: number): boolean;
  /** Sets that hold an opening's number, for as long as its lease, besides those that every ruleset has. */
  readonly numberSets: readonly string[];
}

/** What there is to know of a gateway that governs what passes. */
export interface OwnerPlace {
  /** Whether it is the home's router too; so it is where left out. */
  readonly translates?: boolean;
  /** Names of its WAN interfaces. */
  readonly wans?: readonly string[];
}

/**
 * Owner mode: the gateway has no other firewall, and what this table does not name does not pass. One that `translates`
 * is the home's router too; else it is a firewall alone, before or behind the router.
 */
export function ownerRuleset(table: string, { translates = true, wans = [] }: OwnerPlace = {}): Ruleset {
  const types = streamTypes('meta mark', (code) => code);
  const ways = wans.length > 1 ? severalWays(wans) : oneWay;
  const first = arriving() + numbering(translates) + ways.routing;
  const last = translates ? leaving() : leavingAsItCame;
  return {
    ...written(table, [sets(translates) + ways.sets, first, last, forward(), governed(ways.check), types, input()]),
    translates,
    numberOf: ({ wan }, sequence) => ways.numberOf(wan, sequence),
    wanOf: ways.wanOf,
    knowsWan: ways.knows,
    isNumber: (mark) => mark !== 0,
    numberSets: [],
  };
}

/** The table with these parts, which are its version. */
export function written(table: string, parts: readonly string[]): Pick<Ruleset, 'table' | 'version' | 'text'> {
  const body = parts.join('\n');
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

/** The first packet of each flow: the opening it belongs to becomes its mark, and translates it. */
function arriving(): string {
  return `  chain arriving {
    type nat hook prerouting priority dstnat; policy accept;
    iifname @wan goto from_wan
    iifname @lan goto from_lan
  }
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
    meta nfproto ipv4 meta l4proto { tcp, udp, sctp } iifname @lan oifname @lan ct mark != 0 snat ip to ct mark map @seen4
    oifname != @wan accept
    iifname @wan counter drop
    meta nfproto ipv4 meta l4proto { tcp, udp, sctp, esp } ct mark != 0 snat ip to ct mark map @global4
    tcp flags & (fin | syn | rst | ack) != syn accept
    meta nfproto ipv4 meta l4proto { tcp, udp, sctp } masquerade to :${from}-65535
    meta nfproto ipv4 masquerade
  }
`;
}

/** Nothing is translated. What came from the WAN does not go back there. */
const leavingAsItCame = `  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    iifname @wan oifname @wan counter drop
  }
`;

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
${tcpOnly}`;
}

/** Every packet of a flow that belongs to an opening, both directions, whoever began it. */
function governed(check: string): string {
  return `  chain governed {
${check}    meta mark set ct mark map @live goto by_type
    counter drop
  }
  chain passed {
    ct mark @counted accept
    counter drop
  }
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
