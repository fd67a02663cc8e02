import type { Driver } from '@sluice/driver';
import type { Clock, Gateway } from '@sluice/model';
import type { Log } from '../ports.ts';
import { GatewayLink } from './link.ts';

/** The links to all gateways that were spoken to, one each. */
export class GatewayLinks implements Disposable {
  readonly #drivers: ReadonlyMap<string, Driver>;
  readonly #links = new Map<string, GatewayLink>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #exchangeMs: number;

  constructor(drivers: readonly Driver[], clock: Clock, log: Log, exchangeMs: number) {
    this.#drivers = new Map(drivers.map((driver) => [driver.type, driver]));
    this.#clock = clock;
    this.#log = log;
    this.#exchangeMs = exchangeMs;
  }

  /** How many gateways a conversation is held with. */
  get online(): number {
    let count = 0;
    for (const link of this.#links.values()) if (link.online) count++;
    return count;
  }

  /** The link to a gateway; undefined where nobody speaks its type. */
  to(gateway: Gateway): GatewayLink | undefined {
    const known = this.#links.get(gateway.gatewayId);
    if (known) return known;
    const driver = this.#drivers.get(gateway.type);
    if (!driver) return undefined;
    const link = new GatewayLink(gateway, driver, this.#clock, this.#log, this.#exchangeMs);
    this.#links.set(gateway.gatewayId, link);
    return link;
  }

  /** A link that was used before. */
  known(gatewayId: string): GatewayLink | undefined {
    return this.#links.get(gatewayId);
  }

  /** The gateway is spoken to in another way from now on. */
  redirect(gateway: Gateway): void {
    const driver = this.#drivers.get(gateway.type);
    if (driver) this.#links.get(gateway.gatewayId)?.redirect(gateway, driver);
  }

  [Symbol.dispose](): void {
    for (const link of this.#links.values()) link.drop('the configuration server stops');
    this.#links.clear();
  }
}
