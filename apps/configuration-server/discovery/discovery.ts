import type { TellableType } from '@sluice/api';
import type { Registrations, Verdict } from '@sluice/control';
import type { Driver } from '@sluice/driver';
import {
  type Clock,
  type Evidence,
  type Gateway,
  type HomeSightings,
  type Instant,
  type IpAddress,
  type Refusal,
  type Registration,
  type TriedWay,
  waysIn,
} from '@sluice/model';
import type { CallingGateways } from './calling-gateways.ts';
import { Doubts } from './doubts.ts';
import { type Found, idOf, inHome } from './found.ts';
import { HomeChoice } from './home-choice.ts';
import type { LookThrough } from './look-through.ts';
import type { RegisteredHome, RegisteredHomes } from './registered-homes.ts';
import { whyNot } from './why-not.ts';

/** What discovery is made of. */
export interface DiscoveryPorts {
  readonly rule: 'off' | 'on';
  readonly registrations: Pick<
    Registrations,
    'appliance' | 'gateway' | 'putGateway' | 'putAppliance' | 'forgetGateway'
  >;
  /** The one registered gateway whose address that is, as it said itself. */
  gatewayAt(address: IpAddress): Promise<string | undefined>;
  /** Homes with several registered ways in. */
  readonly homes: Pick<RegisteredHomes, 'of' | 'at'>;
  /** Speaks to those ways. */
  readonly drivers: readonly Driver[];
  readonly calling: CallingGateways;
  readonly look: LookThrough;
  readonly clock: Clock;
  /** Hears of each registration that was made. */
  registered(registration: Registration & { readonly evidence: Evidence }, type: Gateway['type']): void;
}

/** Longest time to find a gateway, ms: whoever asked waits for content. */
const mostMs = 3_800;
/** How long an answer that there is none counts, ms. */
const againMs = 10_000;

/**
 * Finds the gateway of an appliance that is not registered, and registers both with the evidence; of a home with several
 * ways in, finds the one to use. Sends nothing to anybody but the appliance, gateways that proved who they are, and the
 * addresses that are registered for its home; what it registers holds no secret.
 */
export class Discovery {
  readonly #ports: DiscoveryPorts;
  readonly #doubts: Doubts;
  readonly #choice: HomeChoice;
  readonly #looking = new Map<string, Promise<Refusal | undefined>>();
  readonly #inVain = new Map<string, { readonly at: Instant; readonly refusal: Refusal }>();

  constructor(ports: DiscoveryPorts) {
    this.#ports = ports;
    this.#doubts = new Doubts();
    const { drivers, clock, calling } = ports;
    this.#choice = new HomeChoice({ drivers, clock, calledFrom: (gatewayId) => calling.from(gatewayId) });
  }

  /**
   * An appliance's request came from `observed`; `told` is what a person says that its gateway speaks. Resolves to what is
   * missing where no gateway can be found for it.
   */
  async contact(applianceId: string, observed: IpAddress, told?: TellableType): Promise<Refusal | undefined> {
    const { rule, registrations, clock } = this.#ports;
    const known = await registrations.appliance(applianceId);
    // Which of a home's ways is the one to use is left to this server, whatever else it may find out.
    const homeId = known?.homeId;
    if (rule === 'off' && homeId === undefined) return undefined;
    // What an operator said is not looked into.
    const isOpen = known?.evidence ? this.#doubts.isDoubted(applianceId) : homeId !== undefined;
    if (known && !isOpen) return undefined;
    const vain = this.#inVain.get(applianceId);
    if (vain && told === undefined && clock.now() - vain.at < againMs) return vain.refusal;
    this.#inVain.delete(applianceId);
    const under = this.#looking.get(applianceId);
    if (under) return under;
    const looking = this.#find(applianceId, observed, known, told).finally(() => this.#looking.delete(applianceId));
    this.#looking.set(applianceId, looking);
    return looking;
  }

  /** What a request came to: a gateway that turns out to be the wrong one is looked for again with the next request. */
  async judged(applianceId: string, verdict: Verdict): Promise<void> {
    if (verdict.kind === 'granted') return;
    const { evidence, gatewayId } = (await this.#ports.registrations.appliance(applianceId)) ?? {};
    if (evidence && gatewayId !== undefined)
      this.#doubts.refused(applianceId, gatewayId, evidence.by, verdict.refusal.code);
  }

  async #find(
    applianceId: string,
    observed: IpAddress,
    known: Registration | undefined,
    told: TellableType | undefined,
  ): Promise<Refusal | undefined> {
    const { clock, look } = this.#ports;
    const patience = new AbortController();
    const cancel = clock.after(mostMs, () => patience.abort(new Error('the appliance did not answer in time')));
    try {
      if (known?.homeId !== undefined) {
        const home = await this.#ports.homes.of(known.homeId);
        const trial = home && (await this.#tryWays(home, applianceId, observed, patience.signal));
        if (trial?.found) return await this.#register(applianceId, observed, trial.found, known);
        this.#doubts.settle(applianceId);
        // The gateway that it was registered with says what is wrong.
        return undefined;
      }
      const looking = look(applianceId, patience.signal);
      const home = await this.#ports.homes.at(observed);
      const trial = home && (await this.#tryWays(home, applianceId, observed, patience.signal));
      const near = trial?.found ?? (await this.#near(applianceId, observed, trial?.tried ?? [], patience.signal));
      if (near) return await this.#register(applianceId, observed, near, known);
      const sightings = await looking;
      const found =
        typeof sightings === 'string' ? undefined : await this.#seen(applianceId, observed, sightings, patience.signal);
      if (found) return await this.#register(applianceId, observed, found, known);
      if (told !== undefined && !known) {
        const said = { gateway: inHome(told, applianceId), by: 'person' } as const;
        const evidence = typeof sightings === 'string' ? said : { ...said, sightings };
        return await this.#register(applianceId, observed, evidence, known);
      }
      this.#doubts.settle(applianceId);
      if (known) return undefined;
      const refusal = whyNot(applianceId, sightings, trial?.tried);
      // Who did not look may be there the next time.
      return typeof sightings === 'string' ? refusal : this.#vain(applianceId, refusal);
    } finally {
      cancel();
      // Nobody waits for the appliance any more.
      patience.abort(new Error('the gateway is known'));
    }
  }

  /** The best of the ways into a home that answers from there, and how all of them went. */
  async #tryWays(
    home: RegisteredHome,
    applianceId: string,
    observed: IpAddress,
    signal: AbortSignal,
  ): Promise<{ readonly found?: Found; readonly tried: readonly TriedWay[] }> {
    const isLeftOut = ({ gatewayId }: Gateway) => this.#doubts.isExcluded(applianceId, gatewayId);
    const { chosen, tried } = await this.#choice.among(home, isLeftOut, { applianceId, observed }, signal);
    if (!chosen) return { tried };
    return { found: { gateway: chosen, by: 'ways', homeId: home.homeId, tried }, tried };
  }

  /** A gateway that is at the very address that the request came from. Where several are, none is it. */
  async #near(
    applianceId: string,
    observed: IpAddress,
    inVain: readonly TriedWay[],
    signal: AbortSignal,
  ): Promise<Found | undefined> {
    const { registrations, gatewayAt, calling } = this.#ports;
    const isOut = (gatewayId: string) =>
      this.#doubts.isExcluded(applianceId, gatewayId) || inVain.some((tried) => tried.gatewayId === gatewayId);
    const registered = await gatewayAt(observed);
    const known = registered === undefined ? undefined : await registrations.gateway(registered);
    if (known && !isOut(known.gatewayId)) return { gateway: known, by: 'address' };
    const [one, ...others] = calling.at(observed).filter((id) => !isOut(id));
    if (one === undefined || others.length > 0) return undefined;
    const gateway = await this.#connected(one, signal);
    return gateway && { gateway, by: 'calls-in' };
  }

  /** The best of what the appliance sees. That an agent of ours is there counts where that agent is known here. */
  async #seen(
    applianceId: string,
    observed: IpAddress,
    sightings: HomeSightings,
    signal: AbortSignal,
  ): Promise<Found | undefined> {
    const { agent } = sightings;
    if (agent?.isProven && !this.#doubts.isExcluded(applianceId, agent.endpointId)) {
      const gateway = await this.#connected(agent.endpointId, signal);
      if (gateway) return { gateway, by: 'agent', sightings };
    }
    const named = await this.#named(applianceId, observed, sightings);
    if (named) return { gateway: named, by: 'calls-in', sightings };
    const type = waysIn(sightings).find((way) => !this.#doubts.isExcluded(applianceId, idOf(way, applianceId)));
    if (type === undefined) return undefined;
    return { gateway: inHome(type, applianceId, sightings), by: 'appliance', sightings };
  }

  /** Of several registered TR-069 devices that call in from there, the one that DHCP in the home names. */
  async #named(applianceId: string, observed: IpAddress, { dhcp }: HomeSightings): Promise<Gateway | undefined> {
    const { registrations, calling } = this.#ports;
    if (!dhcp?.gateway) return undefined;
    const { oui, serialNumber } = dhcp.gateway;
    for (const gatewayId of calling.at(observed)) {
      if (this.#doubts.isExcluded(applianceId, gatewayId)) continue;
      const gateway = await registrations.gateway(gatewayId);
      const { communication = {} } = gateway?.type === 'cwmp' ? gateway : {};
      if (communication.oui?.toUpperCase() === oui && communication.serial === serialNumber) return gateway;
    }
    return undefined;
  }

  /** A gateway as it is registered, or as it says itself over its connection. */
  async #connected(gatewayId: string, signal: AbortSignal): Promise<Gateway | undefined> {
    const registered = await this.#ports.registrations.gateway(gatewayId);
    if (registered) return registered;
    const type = await this.#ports.calling.typeOf(gatewayId, signal).catch(() => undefined);
    return type && { gatewayId, type, communication: {} };
  }

  async #register(
    applianceId: string,
    observed: IpAddress,
    { gateway, by, homeId, tried, sightings }: Found,
    before: Registration | undefined,
  ): Promise<Refusal | undefined> {
    const { registrations, clock, registered } = this.#ports;
    const evidence = {
      by,
      at: clock.now(),
      applianceId,
      observed,
      ...(tried && { tried }),
      ...(sightings && { sightings }),
    };
    const there = await registrations.gateway(gateway.gatewayId);
    // An operator's word on a gateway stands.
    const isOwn = by === 'appliance' || by === 'person';
    const reason = isOwn ? evidence : (there?.evidence ?? evidence);
    if (!there || there.evidence) await registrations.putGateway({ ...gateway, evidence: reason });
    const { gatewayId } = gateway;
    const registration = { applianceId, gatewayId, ...(homeId !== undefined && { homeId }), evidence };
    const refusal = await registrations.putAppliance(registration);
    if (refusal) return refusal;
    this.#doubts.settle(applianceId);
    registered(registration, gateway.type);
    if (before && before.gatewayId !== gatewayId) await this.#forget(before.gatewayId);
    return undefined;
  }

  /** A gateway that was found before and is not it. Refused, and so kept, where others are behind it. */
  async #forget(gatewayId: string): Promise<void> {
    const { registrations } = this.#ports;
    if ((await registrations.gateway(gatewayId))?.evidence) await registrations.forgetGateway(gatewayId);
  }

  #vain(applianceId: string, refusal: Refusal): Refusal {
    const now = this.#ports.clock.now();
    for (const [other, { at }] of this.#inVain) if (now - at >= againMs) this.#inVain.delete(other);
    this.#inVain.set(applianceId, { at: now, refusal });
    return refusal;
  }
}
