import { Unreachable } from '@sluice/driver';
import type { GatewayInterfaces } from './addresses.ts';
import { listChain, listRuleset, lookForVersion, noteVersion, tellsVersion } from './commands.ts';
import type { GatewayHook, GatewayPlace, GatewayRulesets, SshLink } from './port.ts';
import { firstLine, remotely } from './remotely.ts';

/** Where a gateway's packet filter stands. */
export type TakenPlace = Exclude<GatewayPlace, { readonly mode: 'refused' }>;

/**
 * Puts the packet filter in place where it is not there, closed; beside another firewall as its guest. Throws
 * `Unreachable` where there is no place for it, or nft(8) refuses.
 */
export async function putInPlace(
  link: SshLink,
  rulesets: GatewayRulesets,
  interfaces: GatewayInterfaces,
  signal: AbortSignal,
): Promise<TakenPlace> {
  const { owner } = rulesets;
  const nft = (text: string) => remotely(link, { what: 'nft', text }, signal);
  const looked = await nft(lookForVersion(owner.table, owner.version));
  if (looked.status === 0) return { mode: 'owner', ruleset: owner, hooks: [] };
  const { status, stdout, stderr } = await nft(listRuleset);
  if (status !== 0)
    throw new Unreachable(`its packet filter cannot be read (${firstLine(stderr)}); is nftables installed?`);
  const place = rulesets.placeIn(stdout, stderr);
  if (place.mode === 'refused') throw new Unreachable(`its own firewall is in the way: ${place.because}`);
  const { ruleset, hooks } = place;
  const isThere = tellsVersion(stdout, ruleset.version);
  const text = isThere ? '' : ruleset.load(interfaces) + noteVersion(ruleset.table, ruleset.version);
  const missing = hooks.filter((hook) => !hook.isIn(stdout)).map((hook) => hook.text);
  const commands = text + missing.join('');
  const loaded = commands === '' ? undefined : await nft(commands);
  if (loaded && loaded.status !== 0) throw new Unreachable(`it refuses the packet filter: ${firstLine(loaded.stderr)}`);
  return place;
}

/**
 * Sees that the other firewall still lets pass what openings admit: what reloads takes our rule along. Throws where that
 * cannot be.
 */
export async function keepHooks(link: SshLink, hooks: readonly GatewayHook[], signal: AbortSignal): Promise<void> {
  const nft = (text: string) => remotely(link, { what: 'nft', text }, signal);
  await Promise.all(
    hooks.map(async (hook) => {
      const listed = await nft(listChain(hook.chain));
      if (listed.status === 0 && hook.isIn(listed.stdout)) return;
      const put = await nft(hook.text);
      if (put.status !== 0) throw new Error(`its own firewall is not told (${hook.chain}): ${firstLine(put.stderr)}`);
    }),
  );
}
