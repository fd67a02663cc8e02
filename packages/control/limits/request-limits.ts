import {
  addressBytes,
  type Clock,
  type ContentRequest,
  familyOf,
  formatAddress,
  type IpAddress,
  type Refusal,
  refuse,
} from '@sluice/model';
import { type Rate, TokenBuckets } from './token-buckets.ts';

/** Whose requests are counted together. */
export type LimitedBy = 'appliance' | 'gateway' | 'address' | 'portal';

/** How often each may ask for content. */
export type RequestRates = Readonly<Record<LimitedBy, Rate>>;

/**
 * Rates that no household comes near: a person who zaps through the channels, a home full of such people, a carrier's
 * address with many homes behind it, a portal at a quarter past eight in the evening.
 */
export const defaultRequestRates: RequestRates = {
  appliance: { burst: 60, perSecond: 1 },
  gateway: { burst: 240, perSecond: 4 },
  address: { burst: 2_000, perSecond: 40 },
  portal: { burst: 20_000, perSecond: 2_000 },
};

const inWords: Readonly<Record<LimitedBy, string>> = {
  appliance: 'the appliance',
  gateway: 'the home behind',
  address: 'the address',
  portal: 'the portal',
};

/** Counts new content requests by who asks: what is refused costs nobody anything. */
export class RequestLimits {
  readonly #clock: Clock;
  readonly #buckets: Readonly<Record<LimitedBy, TokenBuckets>>;

  constructor(clock: Clock, rates: RequestRates = defaultRequestRates) {
    this.#clock = clock;
    const bucketsOf = (by: LimitedBy) => new TokenBuckets(rates[by]);
    this.#buckets = {
      appliance: bucketsOf('appliance'),
      gateway: bucketsOf('gateway'),
      address: bucketsOf('address'),
      portal: bucketsOf('portal'),
    };
  }

  /** Counts a new request; `gatewayId` where its appliance is known. Refuses with `rate-limited`, and says when to ask again. */
  admit(request: ContentRequest, gatewayId: string | undefined): Refusal | undefined {
    const now = this.#clock.now();
    const names: [LimitedBy, string][] = [
      ['appliance', request.applianceId],
      ...(gatewayId === undefined ? [] : ([['gateway', gatewayId]] as [LimitedBy, string][])),
      ['address', networkOf(request.flow.observed.address)],
      ['portal', request.portalId],
    ];
    for (const [by, name] of names) {
      const waitMs = this.#buckets[by].wait(name, now);
      if (waitMs > 0) return rateLimited(`${inWords[by]} ${name} asks too often`, waitMs);
    }
    for (const [by, name] of names) this.#buckets[by].take(name, now);
    return undefined;
  }
}

/** The refusal `rate-limited`: what is too much, and in how many seconds to try again. */
export function rateLimited(what: string, waitMs: number): Refusal {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return { ...refuse('rate-limited', `${what}; try again in ${retryAfterSeconds} s`), retryAfterSeconds };
}

/** What counts as one address: an IPv4 address; of IPv6 the /64, which a single host has all of. */
export function networkOf(address: IpAddress): string {
  if (familyOf(address) === 4) return address;
  const bytes = addressBytes(address);
  return `${formatAddress(bytes.fill(0, 8))}/64`;
}
