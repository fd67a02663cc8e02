import { randomInt } from 'node:crypto';
import type { Endpoint } from '@sluice/model';
import { canHold, isLease, sameEndpoint, sameOpening } from './check.ts';
import { getFlow, readFlow } from './conntrack/flow.ts';
import type {
  Change,
  CommitFailure,
  DataPlane,
  Flow,
  HeldOpening,
  Interfaces,
  KernelOpening,
  RulesCheck,
} from './data-plane.ts';
import type { Footing } from './guest/footing.ts';
import { HeldOpenings, type Numbered } from './held-openings.ts';
import { errno, NetlinkFailure } from './netlink/errno.ts';
import { NetfilterSocket } from './netlink/socket.ts';
import { watchRules } from './netlink/watch.ts';
import { findFooting, type RulesPlan } from './nft-program.ts';
import { type Count, nftablesSubsystem, type SetElement } from './nftables/element.ts';
import { elementsOf } from './opening-elements.ts';
import { RulesInPlace } from './rules-in-place.ts';
import type { Ruleset } from './ruleset.ts';
import { type Opened, settleFlows } from './settle-flows.ts';
import { adding, judge, type Place, reasonOf, removing, type Step } from './transaction.ts';

/** How {@link openDataPlane} does it. */
export interface DataPlaneOptions {
  /** The nftables table, of family inet; `sluice` by default. */
  readonly table?: string;
  /** The nft(8) program, run by `load` where the table is not there yet, and to look at the rules of others. */
  readonly nft?: string;
  /** `owner` by default. */
  readonly mode?: RulesPlan['mode'];
  /** IPv4 passes untranslated: a firewall that is no router. Left out, the gateway translates. */
  readonly translates?: false;
}

/**
 * The kernel of the network namespace that the calling thread is in. Needs CAP_NET_ADMIN there.
 * Throws NetlinkFailure.
 */
export function openDataPlane(options: DataPlaneOptions = {}): DataPlane {
  return new NftDataPlane(options);
}

/** Elements that ran out while a change was being made cost one more attempt each time; this many are never needed. */
const attempts = 8;

/**
 * As what the rules would be loaded in that namespace, with what is there now; nothing is changed. Throws LoadFailed,
 * also for who may not look.
 */
export function lookAround(options: DataPlaneOptions = {}): Footing {
  return findFooting(planOf(options)).footing;
}

const planOf = ({ table = 'sluice', nft = 'nft', mode = 'owner', translates }: DataPlaneOptions): RulesPlan => ({
  table,
  nft,
  mode,
  translates: translates ?? true,
});

class NftDataPlane implements DataPlane {
  readonly #socket = new NetfilterSocket();
  readonly #table: string;
  readonly #rules: RulesInPlace;
  readonly #held: HeldOpenings;
  /** Numbers are never used again: a flow of an opening long gone may still carry one. Random, so that a restart does not begin where an earlier process did. */
  #lastId = randomInt(1, 0xffffffff);

  constructor(options: DataPlaneOptions) {
    const plan = planOf(options);
    this.#table = plan.table;
    this.#rules = new RulesInPlace(this.#socket, plan);
    this.#held = new HeldOpenings(this.#socket, this.#rules);
  }

  load(interfaces: Interfaces): 'loaded' | 'adopted' {
    return this.#rules.load(interfaces);
  }

  check(): RulesCheck {
    return this.#rules.check();
  }

  watch(onChange: () => void): Disposable {
    return watchRules(this.#socket.port, onChange);
  }

  commit(change: Change): CommitFailure | undefined {
    const unfit = firstUnfit(change, this.#rules.ruleset);
    if (unfit) return { reason: 'refused', errno: errno.invalid, at: unfit };
    try {
      const renewed = this.#held.look(change.renew.map(({ opening }) => opening));
      const missing = change.renew.findIndex(({ opening }, i) => !sameAsHeld(opening, renewed[i]));
      if (missing >= 0) return { reason: 'missing', errno: errno.missing, at: { list: 'renew', index: missing } };
      return this.#transact(change, this.#removals(change, this.#held.look(change.remove), renewed));
    } catch (problem) {
      if (!(problem instanceof NetlinkFailure)) throw problem;
      return { reason: reasonOf(problem.errno), errno: problem.errno, at: firstPlace(change) };
    }
  }

  read(): HeldOpening[] {
    return this.#held.all().map(({ held }) => held);
  }

  look(openings: readonly KernelOpening[]): (HeldOpening | undefined)[] {
    return this.#held.look(openings).map((numbered) => numbered?.held);
  }

  flow(transport: 'tcp' | 'udp', near: Endpoint, far: Endpoint, side = 'outside'): Flow | undefined {
    const question =
      side === 'inside'
        ? getFlow({ transport, from: near, to: far }, 'original')
        : getFlow({ transport, from: far, to: near }, 'reply');
    const [answers = []] = this.#socket.ask([question]);
    const answer = answers.find((answer) => answer.kind === 'message');
    if (!answer) return undefined;
    const { original, reply } = readFlow(answer.payload);
    // The tuple may also be one of a flow that the far side began: no device of ours sent that.
    const fits =
      side === 'inside'
        ? sameEndpoint(original.from, near) && sameEndpoint(original.to, far)
        : sameEndpoint(reply.from, far) && sameEndpoint(reply.to, near);
    if (!fits) return undefined;
    return { transport, original: { from: original.from, to: original.to }, outside: reply.to };
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #transact(change: Change, removals: readonly Step[]): CommitFailure | undefined {
    let kept = removals;
    for (let attempt = 1; ; attempt++) {
      const added = change.add.map(({ opening }) => ({ opening, id: this.#nextId(opening) }));
      const steps = [...kept, ...this.#additions(change, added)];
      if (steps.length === 0) return undefined;
      const requests = steps.map(({ request }) => request);
      const verdict = judge(steps, this.#socket.transact(nftablesSubsystem, requests));
      if (!verdict) {
        this.#settle(added);
        return undefined;
      }
      if (verdict.kind === 'failed') return verdict.failure;
      if (attempt === attempts) return { reason: 'refused', errno: errno.again, at: firstPlace(change) };
      if (verdict.kind === 'without') kept = kept.filter((step) => !verdict.steps.has(step));
    }
  }

  /** The change holds by now; that a flow before it could not be looked up must not be told as its failure. */
  #settle(added: readonly Opened[]): void {
    try {
      settleFlows(this.#socket, this.#rules.ruleset, added);
    } catch (problem) {
      if (!(problem instanceof NetlinkFailure)) throw problem;
    }
  }

  #additions(change: Change, added: readonly Opened[]): Step[] {
    return added.flatMap(({ opening, id }, index) => {
      const leaseMs = change.add[index]?.leaseMs ?? 0;
      return adding(this.#table, { list: 'add', index }, this.#elementsOf(opening, id, leaseMs));
    });
  }

  /** What goes, and what is renewed: that is removed and added again, as kernels before 6.12 know no other way. */
  #removals(
    change: Change,
    removed: readonly (Numbered | undefined)[],
    renewed: readonly (Numbered | undefined)[],
  ): Step[] {
    const table = this.#table;
    const gone = removed.flatMap((numbered, index) =>
      numbered ? removing(table, { list: 'remove', index }, this.#elementsOf(numbered.held, numbered.id, 1)) : [],
    );
    const again = renewed.flatMap((numbered, index) => {
      if (!numbered) return [];
      const at: Place = { list: 'renew', index };
      const { held, id } = numbered;
      const elements = this.#elementsOf(held, id, change.renew[index]?.leaseMs ?? 0, held);
      return [...removing(table, at, elements), ...adding(table, at, elements)];
    });
    return [...gone, ...again];
  }

  #elementsOf(opening: KernelOpening, id: number, leaseMs: number, count?: Count): SetElement[] {
    return elementsOf(opening, id, leaseMs, count, this.#rules.ruleset);
  }

  #nextId(opening: KernelOpening): number {
    this.#lastId = this.#lastId === 0xffffffff ? 1 : this.#lastId + 1;
    return this.#rules.ruleset.numberOf(opening, this.#lastId);
  }
}

function sameAsHeld(opening: KernelOpening, numbered: Numbered | undefined): boolean {
  return numbered !== undefined && sameOpening(opening, numbered.held);
}

/** The first entry that the kernel could not hold, or hold for ever: a timeout of 0 is none. */
function firstUnfit(change: Change, { translates, knowsWan }: Ruleset): Place | undefined {
  const fits = (opening: KernelOpening) =>
    canHold(opening, translates) && (opening.wan === undefined || knowsWan(opening.wan));
  for (const list of ['add', 'renew'] as const) {
    const index = change[list].findIndex(({ opening, leaseMs }) => !fits(opening) || !isLease(leaseMs));
    if (index >= 0) return { list, index };
  }
  return undefined;
}

function firstPlace(change: Change): Place {
  const list = (['add', 'renew', 'remove'] as const).find((list) => change[list].length > 0);
  return { list: list ?? 'add', index: 0 };
}
