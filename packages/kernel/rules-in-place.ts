import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Interfaces, Surroundings } from './data-plane.ts';
import { type Footing, footingBeside } from './guest/footing.ts';
import { rehookText } from './guest/hooks.ts';
import { readRuleset, type SeenRuleset } from './guest/listing.ts';
import { guestRuleset } from './guest/ruleset.ts';
import { NetlinkFailure } from './netlink/errno.ts';
import type { NetfilterSocket } from './netlink/socket.ts';
import { nftablesSubsystem } from './nftables/element.ts';
import { fillSet, getTable, readTableComment } from './nftables/table.ts';
import { loadText, ownerRuleset, type Ruleset } from './ruleset.ts';

/** nft(8) did not take the ruleset, or there is no place for it; the message says why. */
export class LoadFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LoadFailed';
  }
}

/** What {@link RulesInPlace} is for. */
export interface RulesPlan {
  readonly table: string;
  /** The nft(8) program. */
  readonly nft: string;
  /** `owner` looks at nobody else's rules; `guest` is one whatever else is there; `auto` sees for itself. */
  readonly mode: 'auto' | 'owner' | 'guest';
}

/** The table and, beside another firewall, the rules of ours in its chains: put in place, and kept there. */
export class RulesInPlace {
  readonly #socket: NetfilterSocket;
  readonly #plan: RulesPlan;
  #footing: Exclude<Footing, { mode: 'refused' }> = { mode: 'owner' };
  #ruleset: Ruleset;
  #interfaces: Interfaces = { wan: [], lan: [] };

  constructor(socket: NetfilterSocket, plan: RulesPlan) {
    this.#socket = socket;
    this.#plan = plan;
    this.#ruleset = ownerRuleset(plan.table);
  }

  /** What stands there, since it was put there. */
  get ruleset(): Ruleset {
    return this.#ruleset;
  }

  /** Throws LoadFailed, NetlinkFailure. */
  load(interfaces: Interfaces): 'loaded' | 'adopted' {
    const seen = this.#look();
    const footing = this.#footingIn(seen);
    if (footing.mode === 'refused') throw new LoadFailed(footing.because);
    const { table } = this.#plan;
    const ruleset = footing.mode === 'owner' ? ownerRuleset(table) : guestRuleset(table);
    const text = loadText(ruleset, interfaces);
    const hooks = footing.mode === 'guest' && seen ? rehookText(footing.hooks, seen, table) : '';
    this.#footing = footing;
    this.#ruleset = ruleset;
    this.#interfaces = interfaces;
    if (this.#isThere()) {
      this.#setInterfaces(interfaces);
      if (hooks !== '') this.#nft(hooks);
      return 'adopted';
    }
    this.#nft(text + hooks);
    return 'loaded';
  }

  /** Throws LoadFailed, NetlinkFailure. */
  check(): Surroundings {
    const seen = this.#look();
    const found = this.#footingIn(seen);
    const standing = this.#footing;
    const { table } = this.#plan;
    const hooks = standing.mode === 'guest' && found.mode === 'guest' ? found.hooks : [];
    const isThere = this.#isThere();
    const text =
      (isThere ? '' : loadText(this.#ruleset, this.#interfaces)) + (seen ? rehookText(hooks, seen, table) : '');
    if (text !== '') this.#nft(text);
    if (standing.mode === 'guest' && found.mode === 'guest') this.#footing = found;
    return { standing: this.#footing, found, putBack: !isThere ? 'table' : text === '' ? 'nothing' : 'hooks' };
  }

  #footingIn(seen: SeenRuleset | undefined): Footing {
    const { table, mode } = this.#plan;
    return seen && mode !== 'owner' ? footingBeside(seen, table, mode) : { mode: 'owner' };
  }

  /** Undefined for an owner by its own word: it need not look. */
  #look(): SeenRuleset | undefined {
    if (this.#plan.mode === 'owner') return undefined;
    const { stdout, stderr } = this.#run(['-a', '-s', '-t', 'list', 'ruleset']);
    const legacy = legacyFilters();
    return { ...readRuleset(stdout, stderr), ...(legacy !== undefined && { legacy }) };
  }

  #isThere(): boolean {
    const { table, version } = this.#ruleset;
    const [answers = []] = this.#socket.ask([getTable(table)]);
    const held = answers.find((answer) => answer.kind === 'message');
    return held !== undefined && readTableComment(held.payload) === version;
  }

  #nft(text: string): void {
    this.#run(['-f', '-'], text);
  }

  #run(args: readonly string[], input = ''): { readonly stdout: string; readonly stderr: string } {
    const { nft } = this.#plan;
    // An ordinary user's PATH lacks the directory that nft(8) is in.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    const options = { input, encoding: 'utf8', env, maxBuffer: 64 << 20 } as const;
    const { status, stdout, stderr, error } = spawnSync(nft, args, options);
    if (error) throw new LoadFailed(`${nft}: ${error.message}`);
    if (status !== 0) throw new LoadFailed(`${nft} refused the ruleset: ${stderr.trim()}`);
    return { stdout, stderr };
  }

  #setInterfaces({ wan, lan, listening = [] }: Interfaces): void {
    const { table } = this.#ruleset;
    const requests = [
      ...fillSet(table, 'wan', wan.map(interfaceKey)),
      ...fillSet(table, 'lan', lan.map(interfaceKey)),
      ...fillSet(table, 'listening', listening.map(portKey)),
    ];
    const code = this.#socket.transact(nftablesSubsystem, requests).find((code) => code !== 0);
    if (code) throw new NetlinkFailure('interface sets', code);
  }
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

/** nftables keeps interface names in 16 bytes. */
function interfaceKey(name: string): Buffer {
  const key = Buffer.alloc(16);
  key.write(name, 'latin1');
  return key;
}

function portKey(port: number): Buffer {
  return Buffer.from([port >> 8, port & 0xff]);
}
