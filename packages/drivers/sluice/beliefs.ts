import type { GatewayAddresses } from '@sluice/model';

interface Rows {
  readonly openingOf: Map<string, string>;
  readonly pathOf: Map<string, string>;
}

/**
 * What was last heard of each gateway: its addresses, and which row holds which opening. Nothing here is the truth;
 * that is in the gateway's kernel.
 */
export class GatewayBeliefs {
  readonly #rows = new Map<string, Rows>();
  readonly #addresses = new Map<string, GatewayAddresses>();

  addresses(gatewayId: string): GatewayAddresses | undefined {
    return this.#addresses.get(gatewayId);
  }

  keepAddresses(gatewayId: string, addresses: GatewayAddresses): void {
    this.#addresses.set(gatewayId, addresses);
  }

  /** The gateway said that an interface changed, or is another process than before: what it said is to be asked again. */
  forgetAddresses(gatewayId: string): void {
    this.#addresses.delete(gatewayId);
  }

  /** Row `path` ("Device.NAT.PortMapping.3.") holds this opening. */
  keepRow(gatewayId: string, path: string, openingId: string): void {
    const rows = this.#rows.get(gatewayId) ?? { openingOf: new Map(), pathOf: new Map() };
    rows.openingOf.set(path, openingId);
    rows.pathOf.set(openingId, path);
    this.#rows.set(gatewayId, rows);
  }

  /** What was known of a gateway's rows is old. */
  forgetRows(gatewayId: string): void {
    this.#rows.delete(gatewayId);
  }

  /** We end this opening ourselves: that its row vanishes is no news. */
  forgetOpening(gatewayId: string, openingId: string): void {
    const rows = this.#rows.get(gatewayId);
    const path = rows?.pathOf.get(openingId);
    if (!rows || path === undefined) return;
    rows.pathOf.delete(openingId);
    rows.openingOf.delete(path);
  }

  /** The opening that a row held when it was last heard of. */
  openingIn(gatewayId: string, path: string): string | undefined {
    return this.#rows.get(gatewayId)?.openingOf.get(path);
  }
}
