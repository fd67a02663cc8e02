import type { IpProtocol, Port, SessionState } from '@sluice/model';
import { transportOf } from '@sluice/model';
import type { GatewayLink } from '../gateways/link.ts';
import { type LimitedBy, networkOf } from '../limits/request-limits.ts';
import type { PortTaken } from '../planning/ports.ts';
import type { RequestKey } from '../store.ts';
import type { LiveSession } from './live.ts';
import { keyOf } from './request.ts';

/** Every session that has not ended, by id, by request and by gateway. */
export class LiveSessions {
  readonly #byId = new Map<string, LiveSession>();
  readonly #byRequest = new Map<string, LiveSession>();
  readonly #byGateway = new Map<string, Set<LiveSession>>();
  readonly #openings = new Map<string, number>();

  add(live: LiveSession): void {
    this.#byId.set(live.id, live);
    this.#byRequest.set(keyOf(live.request), live);
    for (const gatewayId of gatewaysOf(live)) {
      const group = this.#byGateway.get(gatewayId) ?? new Set();
      this.#byGateway.set(gatewayId, group.add(live));
    }
    this.#count(live, 1);
  }

  remove(live: LiveSession): void {
    if (!this.#byId.delete(live.id)) return;
    this.#byRequest.delete(keyOf(live.request));
    for (const gatewayId of gatewaysOf(live)) {
      const group = this.#byGateway.get(gatewayId);
      group?.delete(live);
      if (group?.size === 0) this.#byGateway.delete(gatewayId);
    }
    this.#count(live, -1);
  }

  get(sessionId: string): LiveSession | undefined {
    return this.#byId.get(sessionId);
  }

  ofRequest(key: RequestKey): LiveSession | undefined {
    return this.#byRequest.get(keyOf(key));
  }

  ofGateway(gatewayId: string): readonly LiveSession[] {
    return [...(this.#byGateway.get(gatewayId) ?? [])];
  }

  /** Those with a hop whose gateway is spoken to over that link. */
  ofLink(link: GatewayLink): readonly LiveSession[] {
    return this.ofGateway(link.gateway.gatewayId).filter((live) => live.hopsOn(link).length > 0);
  }

  all(): Iterable<LiveSession> {
    return this.#byId.values();
  }

  /** How many are in a state. */
  countOf(state: SessionState): number {
    let count = 0;
    for (const live of this.#byId.values()) if (live.session.state === state) count++;
    return count;
  }

  /** Openings that live sessions asked for, of one appliance, behind one gateway, from one address or through one portal. */
  openingsOf(by: LimitedBy, name: string): number {
    return this.#openings.get(`${by} ${name}`) ?? 0;
  }

  /** The global ports that live sessions of a gateway hold. */
  portsTaken(gatewayId: string): PortTaken {
    const taken = new Set<string>();
    for (const live of this.#byGateway.get(gatewayId) ?? [])
      for (const hop of live.hops)
        if (hop.link.gateway.gatewayId === gatewayId)
          for (const { streamType, globalPort } of live.openingsOf(hop))
            taken.add(placeOf(transportOf(streamType), globalPort));
    return (transport, port) => taken.has(placeOf(transport, port));
  }

  #count(live: LiveSession, sign: 1 | -1): void {
    for (const { by, name } of countedBy(live)) {
      const key = `${by} ${name}`;
      const count = (this.#openings.get(key) ?? 0) + sign * live.request.streams.length;
      if (count === 0) this.#openings.delete(key);
      else this.#openings.set(key, count);
    }
  }
}

/** Whose openings a session's count as: those of one request once for each of its parties, of a gateway once a hop. */
export function countedBy(live: LiveSession): readonly { readonly by: LimitedBy; readonly name: string }[] {
  return [
    ...live.requests.flatMap(({ applianceId, flow }) => [
      { by: 'appliance' as const, name: applianceId },
      { by: 'address' as const, name: networkOf(flow.observed.address) },
    ]),
    ...live.hops.map(({ link }) => ({ by: 'gateway' as const, name: link.gateway.gatewayId })),
    { by: 'portal', name: live.request.portalId },
  ];
}

function gatewaysOf({ hops }: LiveSession): ReadonlySet<string> {
  return new Set(hops.map(({ link }) => link.gateway.gatewayId));
}

function placeOf(transport: IpProtocol, port: Port): string {
  return `${transport} ${port}`;
}
