import type { Registrations } from '@sluice/control';
import {
  type Clock,
  type Gateway,
  type GatewayAddresses,
  type Instant,
  type IpAddress,
  prefixContains,
} from '@sluice/model';

/** When an appliance is registered behind the gateway that its request came through. */
export type ContactRule = 'off' | 'first-contact' | 'periodic' | 'every-contact';

/** What contacts are judged by. */
export interface ContactPorts {
  readonly rule: ContactRule;
  /** With `periodic`: how long a registration by contact counts. */
  readonly periodMs: number;
  readonly registrations: Pick<Registrations, 'gateway' | 'gateways' | 'appliance' | 'putAppliance'>;
  /** A gateway's own addresses, as it last said. */
  addressesOf(gatewayId: string): GatewayAddresses | undefined;
  readonly clock: Clock;
}

const pageLength = 1_000;

/** Registers appliances by where their requests come from: what is seen, not what is said. */
export class Contacts {
  readonly #ports: ContactPorts;
  readonly #registeredAt = new Map<string, Instant>();

  constructor(ports: ContactPorts) {
    this.#ports = ports;
  }

  /**
   * An appliance's request came from `observed`: it is registered behind the gateway with that global address (IPv4),
   * or with the home that the address is of (IPv6), where the rule says so. Resolves to whether it was. Where no
   * gateway, or several, have the address, what was registered stays.
   */
  async contact(applianceId: string, observed: IpAddress): Promise<boolean> {
    const { registrations, clock } = this.#ports;
    if (!(await this.#isDue(applianceId))) return false;
    const gatewayId = await this.gatewayAt(observed);
    if (gatewayId === undefined) return false;
    const before = await registrations.appliance(applianceId);
    this.#remember(applianceId, clock.now());
    if (before?.gatewayId === gatewayId) return false;
    const homeId = (await registrations.gateway(gatewayId))?.home?.homeId;
    // It is where it was; which of that home's ways is used is found out, and not said by an address.
    if (homeId !== undefined && before?.homeId === homeId) return false;
    const registration = { applianceId, gatewayId, ...(homeId !== undefined && { homeId }) };
    return (await registrations.putAppliance(registration)) === undefined;
  }

  async #isDue(applianceId: string): Promise<boolean> {
    const { rule, periodMs, registrations, clock } = this.#ports;
    if (rule === 'off') return false;
    if (rule === 'every-contact' || !(await registrations.appliance(applianceId))) return true;
    if (rule === 'first-contact') return false;
    return clock.now() - (this.#registeredAt.get(applianceId) ?? Number.NEGATIVE_INFINITY) >= periodMs;
  }

  /** The gateway of the home that has that global address (IPv4) or that it is of (IPv6), where there is one; of `which`, or of all. */
  async gatewayAt(address: IpAddress, which: (gateway: Gateway) => boolean = () => true): Promise<string | undefined> {
    const { registrations, addressesOf } = this.#ports;
    const found: Gateway[] = [];
    const inside = new Map<string, string[]>();
    let after: string | undefined;
    do {
      const page = await registrations.gateways({ limit: pageLength, ...(after !== undefined && { after }) });
      for (const gateway of page) {
        const { gatewayId, behind } = gateway;
        if (behind !== undefined) inside.set(behind, [...(inside.get(behind) ?? []), gatewayId]);
        if (which(gateway) && isOf(addressesOf(gatewayId), address)) found.push(gateway);
      }
      after = page.length === pageLength ? page.at(-1)?.gatewayId : undefined;
    } while (after !== undefined);
    const [one, ...others] = found;
    // Several ways into one home are one home.
    const isOne = others.every(({ home }) => home !== undefined && home.homeId === one?.home?.homeId);
    return isOne ? innermost(one?.gatewayId, inside) : undefined;
  }

  #remember(applianceId: string, now: Instant): void {
    this.#registeredAt.set(applianceId, now);
    for (const [other, at] of this.#registeredAt) {
      if (now - at < this.#ports.periodMs) break;
      this.#registeredAt.delete(other);
    }
  }
}

/** Where gateways stand in a row, devices are behind the last; of several behind one, nobody can tell which is meant. */
function innermost(gatewayId: string | undefined, inside: ReadonlyMap<string, readonly string[]>): string | undefined {
  const next = gatewayId === undefined ? undefined : inside.get(gatewayId);
  if (!next) return gatewayId;
  return next.length === 1
    ? innermost(next[0], new Map([...inside].filter(([outer]) => outer !== gatewayId)))
    : undefined;
}

/** Whether an address is one of a gateway's own, or of the IPv6 network behind it. */
export function isOf(addresses: GatewayAddresses | undefined, address: IpAddress): boolean {
  if (!addresses) return false;
  // A home's IPv4 network is private, and the same in many homes; an IPv6 one is its own.
  const inHome = address.includes(':') && addresses.local.some((prefix) => prefixContains(prefix, address));
  return inHome || addresses.global.includes(address);
}
