import { Chance } from './chance.ts';
import { type Finding, findingOf } from './finding.ts';
import { heapGauge } from './heap.ts';
import type { LastInput } from './last-input.ts';
import { mutate } from './mutate/mutate.ts';
import type { Material } from './mutate/mutator.ts';
import { Pool } from './pool.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** What no input and no run may go beyond. */
export interface Bounds {
  /** Longest time for one input, ms of processor time. */
  readonly inputMs: number;
  /** Most that the heap may grow over a run, bytes. */
  readonly growthBytes: number;
}

/** How long and from where to try a target. */
export interface TrialOptions {
  readonly forMs: number;
  /** The same seed, the same inputs. */
  readonly seed: string;
  /** Inputs that once showed a fault; they come first. */
  readonly corpus: readonly Uint8Array[];
  readonly bounds: Bounds;
  readonly lastInput: LastInput;
  readonly onFinding: (finding: Finding) => void;
}

/** What a trial saw. */
export interface TrialReport {
  readonly target: string;
  /** Inputs tried; `taken` of them were taken. */
  readonly tried: number;
  readonly taken: number;
  /** Time spent trying, ms. */
  readonly ms: number;
  /** The slowest input: the best of three attempts at it, ms of processor time. */
  readonly slowestMs: number;
  readonly slowestBytes: number;
  /** What the heap grew by after it was warm, bytes; undefined where that was not measured. */
  readonly growthBytes?: number;
}

const shrinkTries = 1_000;
/** Slowness is shown in time; trying to shrink it takes as long each time. */
const slowShrinkTries = 60;
/** Below this, ms, how long an input took says nothing. */
const noticeableMs = 1;
/** The heap is measured first after this share of the run: code is compiled, the pool is full. */
const warmUpShare = 1 / 3;

/** Tries one target for a time. */
export class Trial {
  readonly #target: Target;
  readonly #options: TrialOptions;
  readonly #starts: readonly Uint8Array[];
  readonly #pool: Pool;
  readonly #material: Material;
  readonly #found = new Set<string>();
  #tried = 0;
  #taken = 0;
  #slowestMs = 0;
  #slowestBytes = 0;

  constructor(target: Target, options: TrialOptions) {
    this.#target = target;
    this.#options = options;
    const chance = new Chance(`${options.seed} ${target.name}`);
    this.#starts = [...target.seeds, ...(target.nearSeeds ?? [])];
    this.#pool = new Pool(this.#starts, chance);
    const words = target.words.map((word) => Buffer.from(word));
    this.#material = { chance, words, other: () => this.#pool.pick() };
  }

  /** Tries the corpus, the seeds, then mutations of them until the time is over. */
  async run(): Promise<TrialReport> {
    const { forMs, corpus } = this.#options;
    const { mutators, mostBytes, name } = this.#target;
    const begun = performance.now();
    for (const input of [...corpus, ...this.#starts]) await this.#try(input);
    const live = heapGauge();
    let warm: { readonly bytes: number; readonly pool: number } | undefined;
    for (let ms = 0; ms < forMs; ms = performance.now() - begun) {
      await this.#try(mutate(this.#pool.pick(), mutators, this.#material, mostBytes));
      if (!warm && ms > forMs * warmUpShare) warm = { bytes: live(), pool: this.#pool.keptBytes };
    }
    const ms = performance.now() - begun;
    const report = { target: name, tried: this.#tried, taken: this.#taken, ms };
    const slowest = { slowestMs: this.#slowestMs, slowestBytes: this.#slowestBytes };
    if (!warm) return { ...report, ...slowest };
    const growthBytes = live() - warm.bytes - (this.#pool.keptBytes - warm.pool);
    return { ...report, ...slowest, growthBytes };
  }

  async #try(input: Uint8Array): Promise<void> {
    const { lastInput } = this.#options;
    lastInput.begin(input);
    this.#tried++;
    const begun = performance.now();
    let kind: string;
    try {
      const answer = this.#target.feed(input);
      const verdict = answer instanceof Promise ? await answer : answer;
      kind = verdict.kind;
      if (verdict.taken) this.#taken++;
    } catch (error) {
      await this.#tell(findingOf(this.#target.name, error, input), shrinkTries, (candidate) =>
        this.#thrownBy(candidate),
      );
      return;
    }
    const ms = performance.now() - begun;
    if (ms > noticeableMs && ms > this.#slowestMs) await this.#timeAgain(input);
    if (!this.#pool.knows(kind) || this.#material.chance.oneIn(2_000)) this.#pool.keep(input, kind);
  }

  /** Other work on the machine and code not yet compiled make an input look slow; processor time of several attempts tells. */
  async #timeAgain(input: Uint8Array): Promise<void> {
    const { bounds } = this.#options;
    const ms = await this.#bestTime(input);
    if (ms <= this.#slowestMs) return;
    this.#slowestMs = ms;
    this.#slowestBytes = input.length;
    this.#pool.keep(input, `slow ${Math.floor(ms)}`);
    if (ms <= bounds.inputMs) return;
    const name = this.#target.name;
    const message = `took ${ms.toFixed(0)} ms for ${input.length} bytes; at most ${bounds.inputMs} ms`;
    const finding: Finding = { target: name, fault: 'slow', signature: 'slow', message, input: Uint8Array.from(input) };
    await this.#tell(finding, slowShrinkTries, async (candidate) =>
      (await this.#bestTime(candidate)) > bounds.inputMs ? 'slow' : undefined,
    );
  }

  async #bestTime(input: Uint8Array): Promise<number> {
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3; attempt++) {
      this.#options.lastInput.begin(input);
      const begun = process.threadCpuUsage();
      await this.#target.feed(input);
      const { user, system } = process.threadCpuUsage(begun);
      best = Math.min(best, (user + system) / 1_000);
    }
    return best;
  }

  /** The signature of what an input makes the target throw. */
  async #thrownBy(input: Uint8Array): Promise<string | undefined> {
    this.#options.lastInput.begin(input);
    try {
      await this.#target.feed(input);
      return undefined;
    } catch (error) {
      return findingOf(this.#target.name, error, input).signature;
    }
  }

  /** Tells a finding once, as short as it becomes. */
  async #tell(
    finding: Finding,
    tries: number,
    signatureOf: (candidate: Uint8Array) => Promise<string | undefined>,
  ): Promise<void> {
    if (this.#found.has(finding.signature)) return;
    this.#found.add(finding.signature);
    const shows = async (candidate: Uint8Array) => (await signatureOf(candidate)) === finding.signature;
    this.#options.onFinding({ ...finding, input: await shrink(finding.input, shows, tries) });
  }
}
