/** A chain as `nft list ruleset` shows it. */
export interface SeenChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Where packets enter it; undefined for one that others jump to. */
  readonly base?: {
    readonly type: string;
    readonly hook: string;
    readonly priority: number;
    readonly policy: 'accept' | 'drop';
  };
  readonly rules: readonly SeenRule[];
}

/** One rule, in the words of nft(8). */
export interface SeenRule {
  readonly text: string;
  /** With `nft -a` only. */
  readonly handle?: number;
}

/** What a machine filters and translates with. */
export interface SeenRuleset {
  readonly chains: readonly SeenChain[];
  /** Tables, `inet fw4`, that have a flowtable: flows in it pass by every chain. */
  readonly flowtables: readonly string[];
  /** Tables whose maker lets nobody else change them. */
  readonly owned: readonly string[];
  /** Where xtables' own modules mark connections, and nft(8) cannot show the rules. */
  readonly marksUnseen: boolean;
  /** Whether the older iptables filters besides, which nft(8) does not see; left out where that cannot be told. */
  readonly legacy?: boolean;
}

/** What stands for a number where a hook has a name for it; the same name means another one in `bridge` tables. */
const named: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};

/**
 * Reads `nft list ruleset`, with or without its options `-a`, `-s` and `-t`, and what it complained of meanwhile. What
 * is not known is passed over.
 */
export function readRuleset(text: string, complaints = ''): SeenRuleset {
  const chains: (SeenChain & { rules: SeenRule[]; base?: SeenChain['base'] })[] = [];
  const [flowtables, owned] = [new Set<string>(), new Set<string>()];
  let [family, table] = ['', ''];
  let chain: (typeof chains)[number] | undefined;
  for (const line of text.split('\n')) {
    const head = /^table (\S+) (\S+) \{/.exec(line);
    if (head) [family = '', table = ''] = head.slice(1);
    const name = /^\tchain (\S+) \{/.exec(line)?.[1];
    if (name !== undefined) {
      chain = { family, table, name, rules: [] };
      chains.push(chain);
    }
    if (/^\t?\}/.test(line)) chain = undefined;
    if (/^\tflowtable /.test(line)) flowtables.add(`${family} ${table}`);
    if (/^\tflags .*\bowner\b/.test(line)) owned.add(`${family} ${table}`);
    // Rules stand two tabs in; the rest of a long one further.
    if (!chain || !/^\t\t[^\t]/.test(line)) continue;
    const base = readBase(line);
    if (base) chain.base = base;
    else if (!/^\t\t(?:comment "|# )/.test(line)) chain.rules.push(readRule(line));
  }
  const marksUnseen = /\bCONNMARK\b/.test(complaints);
  return { chains, flowtables: [...flowtables], owned: [...owned], marksUnseen };
}

function readBase(line: string): SeenChain['base'] {
  const match =
    /^\t\ttype (\S+) hook (\S+)(?: devices? .*?)? priority (?:([a-z]+)(?: ([+-]) (\d+))?|(-?\d+)); (?:policy (\S+);)?/.exec(
      line,
    );
  if (!match) return undefined;
  const [, type = '', hook = '', name, sign, offset = '0', number, policy] = match;
  const priority = name === undefined ? Number(number) : (named[name] ?? 0) + (sign === '-' ? -1 : 1) * Number(offset);
  return { type, hook, priority, policy: policy === 'drop' ? 'drop' : 'accept' };
}

function readRule(line: string): SeenRule {
  const match = /^\t\t(.*?)(?: # handle (\d+))?$/.exec(line);
  const handle = match?.[2];
  return { text: match?.[1] ?? '', ...(handle !== undefined && { handle: Number(handle) }) };
}
