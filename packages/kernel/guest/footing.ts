import type { SeenChain, SeenRuleset } from './listing.ts';

/** A chain of another firewall's, to be told to let pass what has our bit. */
export type Hook = Pick<SeenChain, 'family' | 'table' | 'name'>;

/** As what a gateway's rules stand there: over all that is passed on, or beside a firewall that governs it. */
export type Footing =
  | { readonly mode: 'owner' }
  | {
      readonly mode: 'guest';
      /** For people: "ufw", "Docker"; none where nothing filters. */
      readonly beside: readonly string[];
      readonly hooks: readonly Hook[];
    }
  | {
      readonly mode: 'refused';
      /** What is in the way and what can be done, in a sentence. */
      readonly because: string;
    };

/** Stands in a rule of ours in another's chain, as its comment, after the name of our table. */
export const hookWords = 'what its openings let pass';

/** Chains that filter sooner than this would drop our packets before they have our bit. */
const ourPriority = -1;

/** What a machine's rules make of ours, in the table `table` of family inet; `guest` is no owner, whatever is there. */
export function footingBeside(seen: SeenRuleset, table: string, wanted: 'auto' | 'guest'): Footing {
  const others = seen.chains.filter((chain) => !(chain.family === 'inet' && chain.table === table));
  const filters = others.filter((chain) => filtersForwards(chain, table));
  if (filters.length === 0 && !seen.legacy && wanted === 'auto') return { mode: 'owner' };
  const because = inTheWay(seen, others, filters, wanted);
  if (because !== undefined) return { mode: 'refused', because };
  return {
    mode: 'guest',
    beside: [...new Set(filters.flatMap((chain) => namesOf(chain, others)))],
    hooks: filters.map(({ family, table, name }) => ({ family, table, name })),
  };
}

/** Whether a packet that is passed on may end there, but for our own rule in it. */
function filtersForwards({ family, table, base, rules }: SeenChain, ours: string): boolean {
  if (base?.hook !== 'forward' || base.type !== 'filter' || !['ip', 'ip6', 'inet'].includes(family)) return false;
  if (base.policy === 'drop') return true;
  // iptables' table for changing packets; its targets cannot be read here.
  if (table === 'mangle' && family !== 'inet') return false;
  const foreign = rules.filter(({ text }) => !isOurHook(text, ours));
  // Targets of iptables' own may not be shown.
  if (table === 'filter' && family !== 'inet') return foreign.length > 0;
  return foreign.some(({ text }) => /\b(?:drop|reject|jump|goto|vmap|queue)\b|xt target/i.test(unquoted(text)));
}

/** Whether a rule is what {@link hookText} puts in. */
export function isOurHook(rule: string, table: string): boolean {
  return rule.includes(`comment "${table}: ${hookWords}"`);
}

function inTheWay(
  seen: SeenRuleset,
  others: readonly SeenChain[],
  filters: readonly SeenChain[],
  wanted: 'auto' | 'guest',
): string | undefined {
  const nameOf = ({ family, table, name }: SeenChain) => `${family} ${table} ${name}`;
  if (seen.legacy && wanted === 'auto')
    return 'iptables-legacy filters what is passed on, and lets no rule of ours in: change to iptables-nft (update-alternatives --set iptables /usr/sbin/iptables-nft) and load its rules again, or say "mode": "guest" where its table is empty';
  // Words of nft(8), nothing else: they are said to it again.
  const odd = filters.find(({ table, name }) => ![table, name].every((word) => /^[A-Za-z_][\w./-]*$/.test(word)));
  if (odd) return `the chain ${JSON.stringify(nameOf(odd))} has a name that nft(8) cannot be told: rename it`;
  const early = filters.find(({ base }) => base !== undefined && base.priority <= ourPriority);
  if (early)
    return `the chain ${nameOf(early)} filters before our rules can mark what may pass: give it the priority filter (0) or a later one`;
  const owned = filters.find(({ family, table }) => seen.owned.includes(`${family} ${table}`));
  if (owned)
    return owned.table.startsWith('firewalld')
      ? 'firewalld lets no rule of ours into its table: set NftablesTableOwner=no in /etc/firewalld/firewalld.conf and restart it'
      : `the program that made the table ${owned.family} ${owned.table} lets nobody else change it (flag owner): have it load its rules without that flag`;
  const [offloading] = seen.flowtables;
  if (offloading !== undefined)
    return `the table ${offloading} hands flows past all rules (flow offloading), so that a revoke would not stop them: switch flow offloading off`;
  const marking = others.find(({ rules }) =>
    rules.some(({ text }) => /\bct mark set\b|\bCONNMARK\b/.test(unquoted(text))),
  );
  if (marking || seen.marksUnseen)
    return `${marking ? `the chain ${nameOf(marking)}` : 'a rule of iptables'} sets connection marks, which our rules need for the flows of openings: take that rule out`;
  return undefined;
}

const unquoted = (rule: string) => rule.replace(/"[^"]*"/g, '""');

/** Whose chain it is, in the words that people know. */
function namesOf({ family, table, name }: SeenChain, others: readonly SeenChain[]): string[] {
  if (table.startsWith('firewalld')) return ['firewalld'];
  if (table === 'fw4') return ['fw4'];
  if (table.startsWith('docker-bridges')) return ['Docker'];
  if (family === 'inet' || table !== 'filter' || name !== 'FORWARD') return [`the table ${family} ${table}`];
  const beside = others.filter((chain) => chain.family === family && chain.table === table);
  const has = (pattern: RegExp) => beside.some((chain) => pattern.test(chain.name));
  const known = [...(has(/^ufw6?-before-forward$/) ? ['ufw'] : []), ...(has(/^DOCKER-USER$/) ? ['Docker'] : [])];
  return known.length > 0 ? known : ['iptables'];
}
