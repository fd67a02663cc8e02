import type { Driver } from '@sluice/driver';
import type { Clock, Gateway, GatewayAddresses, Instant } from '@sluice/model';
import type { Log } from '../ports.ts';
import { GatewayLink } from './link.ts';

/** What is known of all links to one gateway together. */
export interface LinkStatus {
  readonly online: boolean;
  readonly addresses?: GatewayAddresses;
  readonly lastSeen?: Instant;
  readonly foreign?: number;
}

/**
 * The links to all gateways that were spoken to: one each, or one for each appliance that speaks to it, where the
 * gateway answers only inside the home (`communication.through` is `appliance`).
 */
export class GatewayLinks implements Disposable {
  readonly #drivers: ReadonlyMap<string, Driver>;
  readonly #links = new Map<string, Map<string, GatewayLink>>();
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
    for (const gatewayId of this.#links.keys()) if (this.ofGateway(gatewayId).some(({ online }) => online)) count++;
    return count;
  }

  /** The link to a gateway for what an appliance asks; undefined where nobody speaks its type. */
  to(gateway: Gateway, applianceId: string): GatewayLink | undefined {
    const key = isThroughAppliance(gateway) ? applianceId : '';
    const group = this.#links.get(gateway.gatewayId) ?? new Map<string, GatewayLink>();
    const known = group.get(key);
    if (known) return known;
    const driver = this.#drivers.get(gateway.type);
    if (!driver) return undefined;
    const link = new GatewayLink(wayTo(gateway, key), driver, this.#clock, this.#log, this.#exchangeMs);
    this.#links.set(gateway.gatewayId, group.set(key, link));
    return link;
  }

  /** The links to a gateway that were used before. */
  ofGateway(gatewayId: string): readonly GatewayLink[] {
    return [...(this.#links.get(gatewayId)?.values() ?? [])];
  }

  /** What is known of a gateway, without asking it: the latest of what its links know. */
  statusOf(gatewayId: string): LinkStatus {
    const links = this.ofGateway(gatewayId).toSorted((a, b) => (b.lastSeen ?? 0) - (a.lastSeen ?? 0));
    const [latest] = links;
    return {
      online: links.some(({ online }) => online),
      ...(latest?.addresses && { addresses: latest.addresses }),
      ...(latest?.lastSeen !== undefined && { lastSeen: latest.lastSeen }),
      ...(latest?.foreign !== undefined && { foreign: latest.foreign }),
    };
  }

  /** The gateway is spoken to in another way from now on. */
  redirect(gateway: Gateway): void {
    const driver = this.#drivers.get(gateway.type);
    if (!driver) return;
    for (const [key, link] of this.#links.get(gateway.gatewayId) ?? []) link.redirect(wayTo(gateway, key), driver);
  }

  [Symbol.dispose](): void {
    for (const gatewayId of this.#links.keys())
      for (const link of this.ofGateway(gatewayId)) link.drop('the configuration server stops');
    this.#links.clear();
  }
}

/** Whether a gateway answers only inside the home: the appliance there speaks to it. */
export function isThroughAppliance({ communication }: Gateway): boolean {
  return communication.through === 'appliance';
}

/** The driver finds the appliance that speaks for it in `communication.appliance`. */
function wayTo(gateway: Gateway, appliance: string): Gateway {
  return isThroughAppliance(gateway) ? { ...gateway, communication: { ...gateway.communication, appliance } } : gateway;
}
