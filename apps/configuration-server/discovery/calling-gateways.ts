import type { GatewayType, IpAddress } from '@sluice/model';

/** A gateway that is connected, or was last heard, over an address. */
interface Calling {
  readonly address: IpAddress;
  /** What it speaks; undefined where only a registration can say. */
  readonly type?: (signal: AbortSignal) => Promise<GatewayType>;
}

/** Gateways that came to this server by themselves and proved who they are, and where they came from. */
export class CallingGateways {
  readonly #calling = new Map<string, Calling>();

  /** A gateway's connection, until it is closed; `type` asks the gateway. */
  connected(
    gatewayId: string,
    address: IpAddress,
    closed: Promise<unknown>,
    type: (signal: AbortSignal) => Promise<GatewayType>,
  ): void {
    const calling = { address, type };
    this.#calling.set(gatewayId, calling);
    void closed.then(() => {
      if (this.#calling.get(gatewayId) === calling) this.#calling.delete(gatewayId);
    });
  }

  /** A registered gateway that is not connected all the time called from there. */
  informed(gatewayId: string, address: IpAddress): void {
    this.#calling.set(gatewayId, { address });
  }

  /** Where a gateway that is not connected all the time last called from. */
  from(gatewayId: string): IpAddress | undefined {
    const calling = this.#calling.get(gatewayId);
    return calling && !calling.type ? calling.address : undefined;
  }

  /** Whose address that is, as seen from here. */
  at(address: IpAddress): readonly string[] {
    return [...this.#calling].flatMap(([gatewayId, calling]) => (calling.address === address ? [gatewayId] : []));
  }

  /** What a gateway speaks, in its own words; undefined where it is not connected. Rejects where it does not say. */
  async typeOf(gatewayId: string, signal: AbortSignal): Promise<GatewayType | undefined> {
    return this.#calling.get(gatewayId)?.type?.(signal);
  }
}
