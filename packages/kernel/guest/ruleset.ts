import { type Ruleset, written } from '../ruleset.ts';
import { firstMasqueradePort, lookUps, numbering, sets, streamTypes, tcpOnly } from '../ruleset-parts.ts';
import { streamCode, typedRtp } from '../stream-code.ts';

/**
 * The one bit that is ours. In a connection mark it says that the rest is an opening's number; in a packet's mark, that
 * the packet may pass, which the other firewall's chains are told to heed.
 */
export const ourBit = 0x80000000;

/** Below it a number has the stream code, of 8 bits, and then what tells it from others. */
const codeShift = 23;
const codeMask = 0xff800000;
const sequenceMask = 0x7fffff;

/** Where openings of our agents have their global ports by default: ordinary traffic is kept off these alone. */
const firstPort = 16384;

/**
 * Guest mode: another firewall governs the forward path, and does the home's translation. This table has a say about
 * the flows of openings alone: it numbers them, translates them, drops what is not theirs or is theirs no more, and
 * marks what may pass. It runs before the other's chains where it filters, after where it translates what arrives, so
 * that a port forwarded by the household stays so.
 */
export function guestRuleset(table: string, translates = true): Ruleset {
  const types = streamTypes(`ct mark & ${hex(codeMask)}`, (code) => hex(ofCode(code)));
  const first = arriving + numbering(translates);
  const last = translates ? [leaving(), forward(astray()) + tcpOnly] : [forward() + tcpOnly];
  return {
    ...written(table, [sets(translates) + alive, first, ...last, governed, types, edges]),
    translates,
    numberOf: (carried, sequence) => (ofCode(streamCode(carried)) | (sequence & sequenceMask)) >>> 0,
    wanOf: () => undefined,
    knowsWan: () => true,
    isNumber: (mark) => (mark & ourBit) !== 0,
    numberSets: ['alive'],
  };
}

/** Kernels before 6.5 cannot ask a map whether it has a key without taking its value somewhere. */
const alive = '  set alive { type mark; flags timeout; }\n';

/** A stream code in its place, with our bit: 1 to 5 as they are, payload type n as 128 + n. */
function ofCode(code: number): number {
  const short = code < typedRtp ? code : 128 + code - typedRtp;
  return (ourBit | (short << codeShift)) >>> 0;
}

const hex = (value: number) => `0x${value.toString(16)}`;
const isOurs = (what: 'ct mark' | 'meta mark') => `${what} & ${hex(ourBit)} != 0`;
const clearBit = `meta mark set meta mark & ${hex(0xffffffff - ourBit)}`;

const arriving = `  chain arriving {
    type nat hook prerouting priority dstnat + 50; policy accept;
    iifname @wan goto from_wan
    iifname @lan goto from_lan
  }
`;

/**
 * The first packet of each flow. Ordinary translation is the other firewall's, but for flows that would take a port on
 * which an opening may stand: those leave from above, as in owner mode.
 */
function leaving(): string {
  const from = firstMasqueradePort;
  return `  chain leaving {
    type nat hook postrouting priority srcnat - 10; policy accept;
    meta nfproto ipv4 meta l4proto { tcp, udp, sctp } iifname @lan oifname @lan ${isOurs('ct mark')} snat ip to ct mark map @seen4
    oifname != @wan accept
    meta nfproto ipv4 meta l4proto { tcp, udp, sctp, esp } ${isOurs('ct mark')} snat ip to ct mark map @global4
    iifname != @lan accept
    tcp flags & (fin | syn | rst | ack) != syn accept
    ip saddr { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 } meta l4proto { tcp, udp, sctp } th sport ${firstPort}-${from - 1} masquerade to :${from}-65535
  }
`;
}

/** Every packet that is passed on, before any chain of the other's. */
function forward(also: Astray = { rule: '', chain: '' }): string {
  return `  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    ${isOurs('meta mark')} ${clearBit}
    ${isOurs('ct mark')} goto governed
${also.rule}  }
${also.chain}`;
}

interface Astray {
  readonly rule: string;
  readonly chain: string;
}

/**
 * A flow without a number that came to stand on an opening's port all the same is in that opening's way, and is not
 * answered. Nothing does where nothing is translated.
 */
function astray(): Astray {
  const ends = {
    from: ['ct reply ip saddr', 'ct reply proto-src'],
    to: ['ct reply ip daddr', 'ct reply proto-dst'],
  } as const;
  return {
    rule: `    iifname @wan ct direction reply meta nfproto ipv4 meta l4proto { tcp, udp, sctp } ct reply proto-dst < ${firstMasqueradePort} goto astray\n`,
    chain: `  chain astray {
${lookUps(4, 'in4', ends, 'meta mark set', 'counter drop')}  }
`,
  };
}

const governed = `  chain governed {
    iifname @wan oifname @wan counter drop
    meta l4proto tcp jump tcp_only
    ct mark @alive goto by_type
    counter drop
  }
  chain passed {
    ct mark @counted meta mark set meta mark | ${hex(ourBit)} accept
    counter drop
  }
`;

/** A flow of an opening is never for the gateway itself. Nobody but the other's forward chains sees our bit. */
const edges = `  chain input {
    type filter hook input priority filter - 1; policy accept;
    ${isOurs('ct mark')} counter drop
  }
  chain cleared {
    type filter hook postrouting priority mangle - 10; policy accept;
    ${isOurs('meta mark')} ${clearBit}
  }
`;
