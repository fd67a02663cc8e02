import type { Registrations } from '@sluice/control';
import { type Gateway, type GatewayAddresses, type IpAddress, type Prefix, prefixContains } from '@sluice/model';
import { isOf } from '../contacts.ts';

/** A home, and the ways in that an operator registered for it. */
export interface RegisteredHome {
  readonly homeId: string;
  /** By id. */
  readonly ways: readonly Gateway[];
  /** Where it is, by what an operator said of any of its ways. */
  readonly at: readonly Prefix[];
}

const pageLength = 1_000;

/** The homes that gateways are registered as ways into. Reads the registrations anew at each question. */
export class RegisteredHomes {
  readonly #registrations: Pick<Registrations, 'gateways'>;
  readonly #addressesOf: (gatewayId: string) => GatewayAddresses | undefined;

  /** `addressesOf`: what a gateway last said of itself. */
  constructor(
    registrations: Pick<Registrations, 'gateways'>,
    addressesOf: (gatewayId: string) => GatewayAddresses | undefined,
  ) {
    this.#registrations = registrations;
    this.#addressesOf = addressesOf;
  }

  /** The home of that id; undefined where no gateway is a way into it. */
  async of(homeId: string): Promise<RegisteredHome | undefined> {
    return (await this.#all()).get(homeId);
  }

  /** The one home that is at an address, by an operator's word or a gateway's own; undefined where none is, or several. */
  async at(address: IpAddress): Promise<RegisteredHome | undefined> {
    const there = [...(await this.#all()).values()].filter(
      ({ at, ways }) =>
        at.some((prefix) => prefixContains(prefix, address)) ||
        ways.some(({ gatewayId, communication }) => {
          // What an appliance says of its gateway's addresses is no evidence for another.
          return communication.through !== 'appliance' && isOf(this.#addressesOf(gatewayId), address);
        }),
    );
    return there.length === 1 ? there[0] : undefined;
  }

  async #all(): Promise<ReadonlyMap<string, RegisteredHome>> {
    const homes = new Map<string, RegisteredHome>();
    let after: string | undefined;
    do {
      const page = await this.#registrations.gateways({ limit: pageLength, ...(after !== undefined && { after }) });
      for (const gateway of page) {
        const { home } = gateway;
        if (!home) continue;
        const { ways, at } = homes.get(home.homeId) ?? { ways: [], at: [] };
        homes.set(home.homeId, { homeId: home.homeId, ways: [...ways, gateway], at: [...at, ...home.at] });
      }
      after = page.length === pageLength ? page.at(-1)?.gatewayId : undefined;
    } while (after !== undefined);
    return homes;
  }
}
