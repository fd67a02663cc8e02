import type { Cancel, Gateway, PortalRegistration, Refusal, Registration } from '@sluice/model';
import type { Page, Store } from '../store.ts';

/** Hears of a gateway as it is registered now; undefined when it is removed. */
export type GatewayObserver = (gatewayId: string, gateway: Gateway | undefined) => void;

/** The registration database: gateways, the appliances behind them, and portals. */
export class Registrations {
  readonly #store: Store;
  readonly #changed: (gateway: Gateway) => void;
  readonly #observers = new Set<GatewayObserver>();

  /** `changed` hears of gateways whose way of being spoken to is another than before. */
  constructor(store: Store, changed: (gateway: Gateway) => void) {
    this.#store = store;
    this.#changed = changed;
  }

  /** Tells of each gateway that is registered, registered anew or removed, from now on. */
  observeGateways(observer: GatewayObserver): Cancel {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Adds a gateway, or replaces what was known of it. Refuses where what it is behind is unknown, or is itself. */
  async putGateway(gateway: Gateway): Promise<Refusal | undefined> {
    const wrong = await this.#wrongPlace(gateway);
    if (wrong) return wrong;
    const before = await this.#store.gateway(gateway.gatewayId);
    await this.#store.putGateway(gateway);
    for (const observer of this.#observers) observer(gateway.gatewayId, gateway);
    if (before && !sameWay(before, gateway)) this.#changed(gateway);
    return undefined;
  }

  async #wrongPlace({ gatewayId, behind }: Gateway): Promise<Refusal | undefined> {
    for (let next = behind, hops = 1; next !== undefined; hops++) {
      const outer = await this.#store.gateway(next);
      if (!outer) return unknownGateway(next);
      if (next === gatewayId || hops >= mostHops) return inCircles(gatewayId);
      next = outer.behind;
    }
    return undefined;
  }

  gateway(gatewayId: string): Promise<Gateway | undefined> {
    return this.#store.gateway(gatewayId);
  }

  /** By id. */
  gateways(page?: Page): Promise<readonly Gateway[]> {
    return this.#store.gateways(page);
  }

  /** Removes a gateway; refuses where there is none, and while something is behind it. Its sessions live on. */
  async forgetGateway(gatewayId: string): Promise<Refusal | undefined> {
    const outcome = await this.#store.forgetGateway(gatewayId);
    if (outcome === 'forgotten') for (const observer of this.#observers) observer(gatewayId, undefined);
    if (outcome === 'forgotten') return undefined;
    if (outcome === 'unknown') return unknownGateway(gatewayId);
    const message = `appliances or gateways are registered behind ${gatewayId}; move or remove them first`;
    return { code: 'request-conflict', message };
  }

  /** Adds an appliance, or moves it behind another gateway. Refuses with `gateway-unknown`. */
  async putAppliance(registration: Registration): Promise<Refusal | undefined> {
    if (!(await this.#store.gateway(registration.gatewayId))) return unknownGateway(registration.gatewayId);
    await this.#store.putAppliance(registration);
    return undefined;
  }

  appliance(applianceId: string): Promise<Registration | undefined> {
    return this.#store.appliance(applianceId);
  }

  /** By id. */
  appliances(page?: Page): Promise<readonly Registration[]> {
    return this.#store.appliances(page);
  }

  /** Removes an appliance, or refuses with `appliance-unknown`. Its sessions live on. */
  async forgetAppliance(applianceId: string): Promise<Refusal | undefined> {
    if (await this.#store.forgetAppliance(applianceId)) return undefined;
    return { code: 'appliance-unknown', message: `the appliance ${applianceId} is not registered` };
  }

  /** Adds a portal, or replaces what was known of it. */
  putPortal(portal: PortalRegistration): Promise<void> {
    return this.#store.putPortal(portal);
  }

  portal(portalId: string): Promise<PortalRegistration | undefined> {
    return this.#store.portal(portalId);
  }

  /** By id. */
  portals(page?: Page): Promise<readonly PortalRegistration[]> {
    return this.#store.portals(page);
  }

  /** Removes a portal; resolves to whether there was one. Its sessions live on. */
  forgetPortal(portalId: string): Promise<boolean> {
    return this.#store.forgetPortal(portalId);
  }

  /** The gateway that an appliance is behind, or `appliance-unknown`, or `gateway-unknown`. */
  async gatewayOf(applianceId: string): Promise<Gateway | Refusal> {
    const registration = await this.#store.appliance(applianceId);
    if (!registration) {
      return {
        code: 'appliance-unknown',
        message: `the appliance ${applianceId} is not registered; register it with its gateway first`,
      };
    }
    return (await this.#store.gateway(registration.gatewayId)) ?? unknownGateway(registration.gatewayId);
  }

  /** The gateways between an appliance and the internet, from its own outward, or why they cannot be told. */
  async pathOf(applianceId: string): Promise<readonly Gateway[] | Refusal> {
    const own = await this.gatewayOf(applianceId);
    if ('code' in own) return own;
    const path = [own];
    for (let next = own.behind; next !== undefined; next = path.at(-1)?.behind) {
      const gateway = await this.#store.gateway(next);
      if (!gateway) return unknownGateway(next);
      path.push(gateway);
      if (path.length > mostHops) return inCircles(own.gatewayId);
    }
    return path;
  }
}

/** More boxes in a row than any home has: they are registered behind each other. */
const mostHops = 4;

function inCircles(gatewayId: string): Refusal {
  return {
    code: 'path-mismatch',
    message: `the gateways that ${gatewayId} is registered behind are more than ${mostHops}, or behind each other; correct what each is behind`,
    subject: gatewayId,
  };
}

function unknownGateway(gatewayId: string): Refusal {
  return { code: 'gateway-unknown', message: `the gateway ${gatewayId} is not registered; register it first` };
}

function sameWay(one: Gateway, other: Gateway): boolean {
  const sorted = (gateway: Gateway) => JSON.stringify(Object.entries(gateway.communication).sort());
  return one.type === other.type && one.behind === other.behind && sorted(one) === sorted(other);
}
