import type { BuiltNetwork } from '../build.ts';
import { run } from '../run.ts';

/** What `nft -j list ruleset` gives of a map that matters here. */
interface ListedMap {
  readonly name: string;
  readonly elem?: readonly (readonly [{ readonly elem: { readonly expires?: number } }, unknown])[];
}

/**
 * How many openings the kernel of a gateway holds, as nft(8) lists them: no process of ours is asked. Each opening is one
 * element of the maps that admit from outside, `in4_*` and `in6_*`. Rejects where there is no such map: a gateway
 * without its ruleset is not a closed one.
 */
export async function openingsInKernel(network: BuiltNetwork, gateway: string, signal: AbortSignal): Promise<number> {
  const maps = await admittingMaps(network, gateway, signal);
  return maps.reduce((sum, map) => sum + (map.elem?.length ?? 0), 0);
}

/** Whole seconds until the last opening that the kernel of a gateway holds ends; 0 where there is none. */
export async function secondsLeft(network: BuiltNetwork, gateway: string, signal: AbortSignal): Promise<number> {
  const maps = await admittingMaps(network, gateway, signal);
  return Math.max(0, ...maps.flatMap((map) => (map.elem ?? []).map(([{ elem }]) => elem.expires ?? 0)));
}

async function admittingMaps(network: BuiltNetwork, gateway: string, signal: AbortSignal): Promise<ListedMap[]> {
  const text = await run(['nsenter', `--net=${network.namespace(gateway)}`, 'nft', '-j', 'list', 'ruleset'], signal);
  const { nftables } = JSON.parse(text) as { nftables: readonly { readonly map?: ListedMap }[] };
  const maps = nftables.flatMap(({ map }) => (map && /^in[46]_/.test(map.name) ? [map] : []));
  if (maps.length === 0) throw new Error(`${gateway} holds no ruleset of ours`);
  return maps;
}
