import { type Hook, hookWords, isOurHook } from './footing.ts';
import type { SeenRuleset } from './listing.ts';
import { ourBit } from './ruleset.ts';

/**
 * What puts our rule first in each of these chains, for nft(8). Made of what iptables(8) can show and keep too:
 * `-m mark --mark 0x80000000/0x80000000 -m comment --comment "..." -j ACCEPT`.
 */
export function hookText(hooks: readonly Hook[], table: string): string {
  const bit = `0x${ourBit.toString(16)}`;
  return hooks
    .map(
      ({ family, table: theirs, name }) =>
        `insert rule ${family} ${theirs} ${name} meta mark & ${bit} == ${bit} counter accept comment "${table}: ${hookWords}"\n`,
    )
    .join('');
}

/** What puts things right where they are not: our rule is first in each chain, and there once. `seen` is of `nft -a`. */
export function rehookText(hooks: readonly Hook[], seen: SeenRuleset, table: string): string {
  return hooks
    .map((hook) => {
      const { family, table: theirs, name } = hook;
      const chain = seen.chains.find((each) => each.family === family && each.table === theirs && each.name === name);
      const [first, ...rest] = chain?.rules ?? [];
      const isFirst = first !== undefined && isOurHook(first.text, table);
      const stale = (isFirst ? rest : (chain?.rules ?? [])).filter(({ text }) => isOurHook(text, table));
      const gone = stale.flatMap(({ handle }) =>
        handle === undefined ? [] : [`delete rule ${family} ${theirs} ${name} handle ${handle}\n`],
      );
      return (isFirst ? '' : hookText([hook], table)) + gone.join('');
    })
    .join('');
}
