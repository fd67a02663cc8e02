import { type GatewayWord, gatewayWord } from '@sluice/api';
import type { Refusal } from '@sluice/model';

/** Appliances that are kept in mind; who answered longest ago is asked again first. */
const mostAppliances = 10_000;

/**
 * Asks whoever sits before an appliance what the gateway speaks, last of all: where nothing else tells. Once: who said
 * that they do not know is not asked again. Forgotten with the process; what they do know, the configuration server keeps.
 */
export class Person {
  readonly #unsure = new Set<string>();

  /** What a request says about it. */
  heard(applianceId: string, word: GatewayWord | undefined): void {
    if (word === undefined) return;
    this.#unsure.delete(applianceId);
    if (word !== 'unknown') return;
    this.#unsure.add(applianceId);
    const [oldest] = this.#unsure;
    if (this.#unsure.size > mostAppliances && oldest !== undefined) this.#unsure.delete(oldest);
  }

  /** A refusal, with the list to choose from where the person is to be asked. */
  asked(applianceId: string, refusal: Refusal): Refusal {
    if (refusal.code !== 'gateway-not-found' || this.#unsure.has(applianceId)) return refusal;
    return { ...refusal, choices: gatewayWord.options };
  }
}
