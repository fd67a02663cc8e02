import type { DiscoveredBy, RefusalCode } from '@sluice/model';

/** Appliances that are kept in mind; the longest known are forgotten first, and then looked at with their next refusal. */
const mostAppliances = 10_000;

/** What speaks against a gateway that was found, by who found it: it is another one, or cannot do what is needed. */
const speaksAgainst: Readonly<Record<DiscoveredBy, readonly RefusalCode[]>> = {
  ways: ['path-mismatch', 'behind-another-nat', 'cannot-hold', 'gateway-refused', 'gateway-unspoken'],
  address: ['path-mismatch', 'gateway-unspoken'],
  'calls-in': ['path-mismatch', 'behind-another-nat', 'gateway-unspoken'],
  agent: ['path-mismatch', 'gateway-unspoken'],
  person: ['cannot-hold', 'gateway-refused', 'gateway-unspoken'],
  appliance: ['cannot-hold', 'gateway-refused', 'gateway-unspoken'],
};
/** It does not answer: it may be another by now, or the same tomorrow. */
const looksAgain: readonly RefusalCode[] = ['gateway-offline'];

/** Gateways that were found and turned out to be no good, by appliance. Forgotten with the process. */
export class Doubts {
  readonly #ofAppliance = new Map<string, { isDoubted: boolean; readonly excluded: Set<string> }>();

  /** A request was refused at a gateway that was found. */
  refused(applianceId: string, gatewayId: string, by: DiscoveredBy, code: RefusalCode): void {
    const isAgainst = speaksAgainst[by].includes(code);
    if (!isAgainst && !looksAgain.includes(code)) return;
    const doubts = this.#ofAppliance.get(applianceId) ?? { isDoubted: true, excluded: new Set<string>() };
    doubts.isDoubted = true;
    if (isAgainst) doubts.excluded.add(gatewayId);
    this.#ofAppliance.delete(applianceId);
    this.#ofAppliance.set(applianceId, doubts);
    const [oldest] = this.#ofAppliance.keys();
    if (this.#ofAppliance.size > mostAppliances && oldest !== undefined) this.#ofAppliance.delete(oldest);
  }

  /** Whether an appliance's gateway is to be looked for again. */
  isDoubted(applianceId: string): boolean {
    return this.#ofAppliance.get(applianceId)?.isDoubted === true;
  }

  isExcluded(applianceId: string, gatewayId: string): boolean {
    return this.#ofAppliance.get(applianceId)?.excluded.has(gatewayId) === true;
  }

  /** It was looked for. */
  settle(applianceId: string): void {
    const doubts = this.#ofAppliance.get(applianceId);
    if (doubts) doubts.isDoubted = false;
  }
}
