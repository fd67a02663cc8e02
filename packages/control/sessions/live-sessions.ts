import type { Port, SessionState } from '@sluice/model';
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
    const { gatewayId } = live.session;
    this.#byId.set(live.id, live);
    this.#byRequest.set(keyOf(live.request), live);
    const group = this.#byGateway.get(gatewayId) ?? new Set();
    this.#byGateway.set(gatewayId, group.add(live));
    this.#count(live, live.request.streams.length);
  }

  remove(live: LiveSession): void {
    if (!this.#byId.delete(live.id)) return;
    this.#byRequest.delete(keyOf(live.request));
    const { gatewayId } = live.session;
    const group = this.#byGateway.get(gatewayId);
    group?.delete(live);
    if (group?.size === 0) this.#byGateway.delete(gatewayId);
    this.#count(live, -live.request.streams.length);
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

  /** Those whose gateway is spoken to over that link. */
  ofLink(link: GatewayLink): readonly LiveSession[] {
    return this.ofGateway(link.gateway.gatewayId).filter((live) => live.link === link);
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
      for (const opening of live.session.openings)
        taken.add(placeOf(transportOf(opening.streamType), opening.globalPort));
    return (transport, port) => taken.has(placeOf(transport, port));
  }

  #count(live: LiveSession, by: number): void {
    for (const { by: whose, name } of countedBy(live)) {
      const key = `${whose} ${name}`;
      const count = (this.#openings.get(key) ?? 0) + by;
      if (count === 0) this.#openings.delete(key);
      else this.#openings.set(key, count);
    }
  }
}

/** Whose openings a session's count as. */
export function countedBy({
  request,
  session,
}: LiveSession): readonly { readonly by: LimitedBy; readonly name: string }[] {
  return [
    { by: 'appliance', name: request.applianceId },
    { by: 'gateway', name: session.gatewayId },
    { by: 'address', name: networkOf(request.flow.observed.address) },
    { by: 'portal', name: request.portalId },
  ];
}

function placeOf(transport: 'tcp' | 'udp', port: Port): string {
  return `${transport} ${port}`;
}
