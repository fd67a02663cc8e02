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

  /** Adds a gateway, or replaces what was known of it. */
  async putGateway(gateway: Gateway): Promise<void> {
    const before = await this.#store.gateway(gateway.gatewayId);
    await this.#store.putGateway(gateway);
    for (const observer of this.#observers) observer(gateway.gatewayId, gateway);
    if (before && !sameWay(before, gateway)) this.#changed(gateway);
  }

  gateway(gatewayId: string): Promise<Gateway | undefined> {
    return this.#store.gateway(gatewayId);
  }

  /** By id. */
  gateways(page?: Page): Promise<readonly Gateway[]> {
    return this.#store.gateways(page);
  }

  /** Removes a gateway; refuses where there is none, and while appliances are behind it. Its sessions live on. */
  async forgetGateway(gatewayId: string): Promise<Refusal | undefined> {
    const outcome = await this.#store.forgetGateway(gatewayId);
    if (outcome === 'forgotten') for (const observer of this.#observers) observer(gatewayId, undefined);
    if (outcome === 'forgotten') return undefined;
    if (outcome === 'unknown') return unknownGateway(gatewayId);
    const message = `appliances are registered behind ${gatewayId}; move or remove them first`;
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
}

function unknownGateway(gatewayId: string): Refusal {
  return { code: 'gateway-unknown', message: `the gateway ${gatewayId} is not registered; register it first` };
}

function sameWay(one: Gateway, other: Gateway): boolean {
  const sorted = (gateway: Gateway) => JSON.stringify(Object.entries(gateway.communication).sort());
  return one.type === other.type && sorted(one) === sorted(other);
}
