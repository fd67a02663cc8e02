import { createHash } from 'node:crypto';
import type { Clock, Gateway, Instant } from '@sluice/model';
import type { RegisteredHome } from './registered-homes.ts';
import { type Asker, type Trial, tryWays, type WaysPorts } from './ways.ts';

/** A trial, and whose home it was. */
export interface HomeTrial extends Trial {
  readonly homeId: string;
}

/** How long it counts that no way of a home answered, ms. */
const againMs = 10_000;

/** Chooses among the ways of homes. Whoever asks for one home at once has one trial made. */
export class HomeChoice {
  readonly #ports: WaysPorts;
  readonly #clock: Clock;
  readonly #trying = new Map<string, Promise<HomeTrial>>();
  readonly #inVain = new Map<string, { readonly at: Instant; readonly trial: HomeTrial }>();

  constructor(ports: WaysPorts) {
    this.#ports = ports;
    this.#clock = ports.clock;
  }

  /** Tries the ways that are not left out; where all are, all of them: there are no others. */
  async among(
    { homeId, ways, at }: RegisteredHome,
    isLeftOut: (gateway: Gateway) => boolean,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<HomeTrial> {
    const some = ways.filter((gateway) => !isLeftOut(gateway));
    const candidates = some.length > 0 ? some : ways;
    const key = keyOf(homeId, candidates, asker);
    const vain = this.#inVain.get(key);
    if (vain && this.#clock.now() - vain.at < againMs) return vain.trial;
    this.#inVain.delete(key);
    let trying = this.#trying.get(key);
    if (!trying) {
      trying = tryWays({ ways: candidates, at }, asker, this.#ports, signal)
        .then((trial) => this.#judge(key, { ...trial, homeId }))
        .finally(() => this.#trying.delete(key));
      this.#trying.set(key, trying);
    }
    return trying;
  }

  /** What came of it counts for a while where it was in vain. */
  #judge(key: string, trial: HomeTrial): HomeTrial {
    if (trial.chosen) return trial;
    const now = this.#clock.now();
    for (const [other, { at }] of this.#inVain) if (now - at >= againMs) this.#inVain.delete(other);
    this.#inVain.set(key, { at: now, trial });
    return trial;
  }
}

/** The same question: another address, and a way that is registered otherwise, make another. Holds no secret. */
function keyOf(homeId: string, ways: readonly Gateway[], { applianceId, observed }: Asker): string {
  const isInside = ways.some(({ communication }) => communication.through === 'appliance');
  const question = JSON.stringify([homeId, observed, ways, isInside ? applianceId : '']);
  return createHash('sha256').update(question).digest('base64');
}
