import { Unreachable } from '@sluice/driver';
import type { GatewayInterfaces } from './addresses.ts';
import { lookForVersion, noteVersion } from './commands.ts';
import type { GatewayRuleset, SshLink } from './port.ts';
import { firstLine, remotely } from './session.ts';

/**
 * Puts the packet filter in place where it is not there, closed. Throws `Unreachable` where the gateway has a firewall
 * of another's already, or nft(8) refuses.
 */
export async function putInPlace(
  link: SshLink,
  ruleset: GatewayRuleset,
  interfaces: GatewayInterfaces,
  signal: AbortSignal,
): Promise<'loaded' | 'adopted'> {
  const { table, version } = ruleset;
  const looked = await remotely(link, { what: 'nft', text: lookForVersion(table, version) }, signal);
  if (looked.status === 0) return 'adopted';
  const { status, stdout, stderr } = await remotely(link, { what: 'chains' }, signal);
  if (status !== 0)
    throw new Unreachable(`its packet filter cannot be read (${firstLine(stderr)}); is nftables installed?`);
  const other = otherFirewall(stdout, table);
  if (other !== undefined)
    throw new Unreachable(
      `it has another firewall, in the table ${other}: what that drops, an opening cannot let in. Remove it, or give the gateway our agent`,
    );
  const loaded = await remotely(
    link,
    { what: 'nft', text: ruleset.load(interfaces) + noteVersion(table, version) },
    signal,
  );
  if (loaded.status !== 0) throw new Unreachable(`it refuses the packet filter: ${firstLine(loaded.stderr)}`);
  return 'loaded';
}

/** The first table beside ours that filters what is passed on, out of `nft list chains`. */
export function otherFirewall(chains: string, table: string): string | undefined {
  let current = '';
  for (const line of chains.split('\n')) {
    const head = /^table (\S+ \S+) \{/.exec(line)?.[1];
    if (head !== undefined) current = head;
    if (current !== `inet ${table}` && /\btype filter hook forward\b/.test(line)) return current;
  }
  return undefined;
}
