import { quoted } from './ruleset-parts.ts';

/** What several WAN interfaces make of the owner's ruleset, or one does. */
export interface Ways {
  /** Declared beside the other sets. */
  readonly sets: string;
  /** A chain that has the gateway's own routing send what an opening's device sends by the opening's interface. */
  readonly routing: string;
  /** The rules that hold every packet of an opening to its interface. */
  readonly check: string;
  /** The number of an opening on `wan`, made of the `sequence`th. */
  numberOf(wan: string | undefined, sequence: number): number;
  wanOf(number: number): string | undefined;
  /** Whether an opening can be held to that interface. */
  knows(wan: string): boolean;
}

/** There is no other way to come or go by. */
export const oneWay: Ways = {
  sets: '',
  routing: '',
  check: '',
  numberOf: (_wan, sequence) => sequence,
  wanOf: () => undefined,
  knows: () => true,
};

/** Most WAN interfaces that openings are told apart by. */
export const mostWays = 15;

const wayBits = 0xf0000000;
const sequences = 0x0fffffff;

/**
 * The upper four bits of an opening's number say which WAN interface is its own, counted from 1 in their order; 0 is any.
 * They are the packet mark, too, of what its device sends when it is routed: `ip rule add fwmark
 * 0x20000000/0xf0000000 table ...` is the second's. What comes or goes by another interface is dropped. Throws
 * RangeError for more of them than {@link mostWays}.
 */
export function severalWays(wans: readonly string[]): Ways {
  if (wans.length > mostWays) throw new RangeError(`openings are told apart by ${mostWays} WAN interfaces at most`);
  const bitsOf = (wan: string | undefined) => (wan === undefined ? 0 : ((wans.indexOf(wan) + 1) << 28) >>> 0);
  const members = [undefined, ...wans].flatMap((wan) =>
    (wan === undefined ? wans : [wan]).map((name) => `0x${bitsOf(wan).toString(16)} . ${quoted(name)}`),
  );
  const way = `ct mark & 0x${wayBits.toString(16)}`;
  return {
    sets: `  set ways { type mark . ifname; elements = { ${members.join(', ')} }; }\n`,
    routing: `  chain routing {
    type filter hook prerouting priority dstnat + 10; policy accept;
    iifname @lan ${way} != 0 meta mark set ${way}
  }
`,
    check: `    iifname @wan ${way} . iifname != @ways counter drop
    oifname @wan ${way} . oifname != @ways counter drop
`,
    numberOf: (wan, sequence) => (bitsOf(wan) | ((sequence % sequences) + 1)) >>> 0,
    wanOf: (number) => wans[(number >>> 28) - 1],
    knows: (wan) => wans.includes(wan),
  };
}
