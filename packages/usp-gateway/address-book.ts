import type { GatewayAddresses, IpAddress, Opening } from '@sluice/model';

/** A gateway's interfaces as they matter to openings. */
export interface GatewayNetworks {
  readonly addresses: GatewayAddresses;
  /** Whether it translates IPv4: not where none of its interfaces does. */
  readonly translates: boolean;
  /** Interfaces that face outwards, as references ("Device.IP.Interface.1"), with their IPv4 addresses. */
  readonly outward: readonly { readonly reference: string; readonly ipv4: readonly IpAddress[] }[];
}

/** The interface that an opening comes in by: where its request went out, else the only one; undefined where it is not told. */
export function outwardOf(
  opening: Opening,
  { outward }: Pick<GatewayNetworks, 'outward'>,
): GatewayNetworks['outward'][number] | undefined {
  const seen = opening.flow?.observed.address;
  return (
    outward.find(({ ipv4 }) => seen !== undefined && ipv4.includes(seen)) ??
    (outward.length === 1 ? outward[0] : undefined)
  );
}

/** What gateways last said of their interfaces, so that a request need not ask. Asked again after `forget`. */
export class AddressBook {
  readonly #networks = new Map<string, GatewayNetworks>();
  readonly #revisions = new Map<string, number>();

  of(gatewayId: string): GatewayNetworks | undefined {
    return this.#networks.get(gatewayId);
  }

  /** Counts what was forgotten; taken before a gateway is asked, and given with its answer. */
  revision(gatewayId: string): number {
    return this.#revisions.get(gatewayId) ?? 0;
  }

  /** Keeps an answer, unless news came while it was under way: then it may be old. */
  keep(gatewayId: string, networks: GatewayNetworks, revision: number): void {
    if (revision === this.revision(gatewayId)) this.#networks.set(gatewayId, networks);
  }

  /** The gateway connected, booted, or told that an interface changed. */
  forget(gatewayId: string): void {
    this.#networks.delete(gatewayId);
    this.#revisions.set(gatewayId, this.revision(gatewayId) + 1);
  }
}
