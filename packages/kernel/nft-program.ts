import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Footing, footingBeside } from './guest/footing.ts';
import { readRuleset, type SeenRuleset } from './guest/listing.ts';

/** nft(8) did not take the ruleset, or there is no place for it; the message says why. */
export class LoadFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LoadFailed';
  }
}

/** How a gateway's rules are to stand. */
export interface RulesPlan {
  readonly table: string;
  /** The nft(8) program. */
  readonly nft: string;
  /** `owner` looks at nobody else's rules; `guest` is one whatever else is there; `auto` sees for itself. */
  readonly mode: 'auto' | 'owner' | 'guest';
  /** Whether the gateway translates IPv4. */
  readonly translates: boolean;
}

/** As what a gateway's rules would be loaded here, and by what signs: undefined for an owner by its own word. */
export interface FoundFooting {
  readonly footing: Footing;
  readonly seen?: SeenRuleset;
}

/** Looks at the rules of everybody in the calling thread's network namespace. Throws LoadFailed. */
export function findFooting({ mode, nft, table }: RulesPlan): FoundFooting {
  if (mode === 'owner') return { footing: { mode: 'owner' } };
  const { stdout, stderr } = runNft(nft, ['-a', '-s', '-t', 'list', 'ruleset']);
  const legacy = legacyFilters();
  const seen = { ...readRuleset(stdout, stderr), ...(legacy !== undefined && { legacy }) };
  return { footing: footingBeside(seen, table, mode), seen };
}

/** Runs nft(8) to its end. Throws LoadFailed. */
export function runNft(
  program: string,
  args: readonly string[],
  input = '',
): { readonly stdout: string; readonly stderr: string } {
  // An ordinary user's PATH lacks the directory that nft(8) is in.
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const options = { input, encoding: 'utf8', env, maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (error) throw new LoadFailed(`${program}: ${error.message}`);
  const what = input === '' ? `to ${args.filter((word) => !word.startsWith('-')).join(' ')}` : 'the ruleset';
  if (status !== 0) throw new LoadFailed(`${program} refused ${what}: ${stderr.trim()}`);
  return { stdout, stderr };
}

/** Whether the older iptables has a table of filters here; undefined for who may not know. */
function legacyFilters(): boolean | undefined {
  try {
    const names = ['ip', 'ip6'].map((family) => readFileSync(`/proc/thread-self/net/${family}_tables_names`, 'utf8'));
    return names.some((text) => text.split('\n').includes('filter'));
  } catch {
    return undefined;
  }
}
