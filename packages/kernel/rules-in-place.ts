import type { Interfaces, RulesCheck } from './data-plane.ts';
import type { Footing } from './guest/footing.ts';
import { rehookText } from './guest/hooks.ts';
import { guestRuleset } from './guest/ruleset.ts';
import { NetlinkFailure } from './netlink/errno.ts';
import type { NetfilterSocket } from './netlink/socket.ts';
import { type FoundFooting, findFooting, LoadFailed, type RulesPlan, runNft } from './nft-program.ts';
import { nftablesSubsystem } from './nftables/element.ts';
import { fillSet, getTable, readTableComment } from './nftables/table.ts';
import { loadText, ownerRuleset, type Ruleset } from './ruleset.ts';

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
    this.#ruleset = ownerRuleset(plan.table, plan);
  }

  /** What stands there, since it was put there. */
  get ruleset(): Ruleset {
    return this.#ruleset;
  }

  /** Throws LoadFailed, NetlinkFailure. */
  load(interfaces: Interfaces): 'loaded' | 'adopted' {
    const found = findFooting(this.#plan);
    const { footing } = found;
    if (footing.mode === 'refused') throw new LoadFailed(footing.because);
    const { table, translates } = this.#plan;
    const ruleset =
      footing.mode === 'owner'
        ? ownerRuleset(table, { translates, wans: interfaces.wan })
        : guestRuleset(table, translates);
    const text = loadText(ruleset, interfaces);
    const hooks = this.#hooksMissing(found);
    this.#footing = footing;
    this.#ruleset = ruleset;
    this.#interfaces = interfaces;
    if (!this.#isThere()) {
      this.#nft(text + hooks);
      return 'loaded';
    }
    this.#setInterfaces(interfaces);
    if (hooks !== '') this.#nft(hooks);
    return 'adopted';
  }

  /** Throws LoadFailed, NetlinkFailure. */
  check(): RulesCheck {
    const found = findFooting(this.#plan);
    const isThere = this.#isThere();
    const hooks = this.#footing.mode === 'guest' ? this.#hooksMissing(found) : '';
    const text = (isThere ? '' : loadText(this.#ruleset, this.#interfaces)) + hooks;
    if (text !== '') this.#nft(text);
    if (this.#footing.mode === 'guest' && found.footing.mode === 'guest') this.#footing = found.footing;
    const putBack = isThere ? (hooks === '' ? 'nothing' : 'hooks') : 'table';
    return { standing: this.#footing, found: found.footing, putBack };
  }

  #hooksMissing({ footing, seen }: FoundFooting): string {
    return footing.mode === 'guest' && seen ? rehookText(footing.hooks, seen, this.#plan.table) : '';
  }

  #isThere(): boolean {
    const { table, version } = this.#ruleset;
    const [answers = []] = this.#socket.ask([getTable(table)]);
    const held = answers.find((answer) => answer.kind === 'message');
    return held !== undefined && readTableComment(held.payload) === version;
  }

  #nft(text: string): void {
    runNft(this.#plan.nft, ['-f', '-'], text);
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

/** nftables keeps interface names in 16 bytes. */
function interfaceKey(name: string): Buffer {
  const key = Buffer.alloc(16);
  key.write(name, 'latin1');
  return key;
}

function portKey(port: number): Buffer {
  return Buffer.from([port >> 8, port & 0xff]);
}
