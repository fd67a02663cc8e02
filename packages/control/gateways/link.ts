import { type Driver, type GatewaySession, Unreachable, Untrusted } from '@sluice/driver';
import {
  type Clock,
  type ConfigurationChange,
  type Gateway,
  type GatewayAddresses,
  type GrantedOpening,
  type Instant,
  type Observed,
  type Outcome,
  type Refusal,
  refuse,
  type Traits,
  type Transport,
} from '@sluice/model';
import { bounded, waitFor } from '../bounded.ts';
import type { Log } from '../ports.ts';
import { Turns } from './turns.ts';

interface Conversation {
  readonly session: GatewaySession;
  /** Ends what was asked in it when the connection is gone. */
  readonly gone: AbortController;
}

/** What became of a change: the outcome of its last step, and what earlier steps granted. */
export interface Applied {
  readonly outcome: Outcome;
  readonly granted: readonly GrantedOpening[];
}

/** The parts of a change; what is left out is empty. */
export type Wish = Partial<Pick<ConfigurationChange, 'open' | 'renew' | 'close'>>;

/** One gateway as control speaks to it: connected when first needed, each exchange bounded in time. */
export class GatewayLink {
  readonly turns = new Turns();
  driver: Driver;
  gateway: Gateway;
  /** As the gateway last said. */
  addresses: GatewayAddresses | undefined;
  /** Mappings of others, when last looked. */
  foreign: number | undefined;
  lastSeen: Instant | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #exchangeMs: number;
  #conversation: Conversation | undefined;
  #lastTraits: Traits | undefined;
  #connecting: Promise<Conversation> | undefined;

  constructor(gateway: Gateway, driver: Driver, clock: Clock, log: Log, exchangeMs: number) {
    this.gateway = gateway;
    this.driver = driver;
    this.#clock = clock;
    this.#log = log;
    this.#exchangeMs = exchangeMs;
  }

  get online(): boolean {
    return this.#conversation !== undefined;
  }

  /** Which gateway it leads to, and by way of whom: no two links have the same. */
  get name(): string {
    const { gatewayId, communication } = this.gateway;
    return `${gatewayId} ${communication.appliance ?? ''}`;
  }

  /** What the gateway can express: of itself once it was spoken to, until then of its type. */
  get traits(): Traits {
    return this.#conversation?.session.traits ?? this.#lastTraits ?? this.driver.traits;
  }

  /** The gateway is spoken to in another way from now on. */
  redirect(gateway: Gateway, driver: Driver): void {
    this.gateway = gateway;
    this.driver = driver;
    this.drop('its registration changed');
    this.#lastTraits = undefined;
  }

  /** Ends the conversation: what was asked in it is unknown from now on. The next exchange connects anew. */
  drop(reason: string): void {
    const conversation = this.#conversation;
    if (!conversation) return;
    this.#lastTraits = conversation.session.traits;
    this.#conversation = undefined;
    conversation.gone.abort(new Unreachable(reason));
    this.#leave(conversation.session);
  }

  /** Asks for the gateway's own addresses. Throws Unreachable, Untrusted, or the signal's reason. */
  async readAddresses(signal: AbortSignal): Promise<GatewayAddresses> {
    const addresses = await this.#ask(signal, (session, end) => session.addresses(end));
    this.addresses = addresses;
    return addresses;
  }

  /** Looks at what the gateway holds; undefined where it could not be seen. */
  async observe(believed: readonly GrantedOpening[], signal: AbortSignal): Promise<Observed | undefined> {
    try {
      const observed = await this.#ask(signal, (session, end) => session.observe(believed, end));
      this.foreign = observed.foreign;
      return observed;
    } catch (error) {
      this.#tell(error, 'looking at the gateway');
      return undefined;
    }
  }

  /**
   * Does the steps of a change in order, up to the first that is not applied. A step that could not be sent is refused
   * as `gateway-offline`: it did not happen. An error after it was sent is `unknown`: it may have.
   */
  async apply(wish: Wish, signal: AbortSignal, observed?: Observed): Promise<Applied> {
    const change = { gateway: this.gateway, open: [], renew: [], close: [], ...wish };
    const { steps } = this.driver.plan(change, observed, this.#clock.now());
    const granted: GrantedOpening[] = [];
    let seen = steps.length > 0;
    for (const step of steps) {
      const outcome = await this.#step(step, signal);
      if (outcome.kind !== 'applied') return { outcome, granted };
      granted.push(...outcome.granted);
      seen &&= outcome.seen === true;
    }
    return { outcome: { kind: 'applied', granted, ...(seen && { seen }) }, granted };
  }

  /** Lists free global ports; undefined where the type does not, or the gateway did not answer. */
  async freePorts(
    wish: { transport: Transport; count: number; paired: boolean },
    signal: AbortSignal,
  ): Promise<readonly number[] | undefined> {
    try {
      return await this.#ask(signal, async (session, end) => session.freePorts?.(wish, end));
    } catch (error) {
      this.#tell(error, 'asking for free ports');
      return undefined;
    }
  }

  async #step(step: unknown, signal: AbortSignal): Promise<Outcome> {
    try {
      if (!this.#conversation) await waitFor(signal, () => this.#connect());
    } catch (error) {
      this.#tell(error, 'connecting');
      return { kind: 'refused', refusal: notConnected(this.gateway.gatewayId, error) };
    }
    try {
      return await this.#exchange(signal, (session, end) => session.apply(step, end));
    } catch (error) {
      this.#tell(error, 'applying a step');
      return { kind: 'unknown', reason: messageOf(error) };
    }
  }

  /** An exchange that changes nothing: where the conversation turns out to be dead, it is had again in a new one. */
  async #ask<T>(signal: AbortSignal, act: (session: GatewaySession, signal: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.#conversation;
    try {
      return await this.#exchange(signal, act);
    } catch (error) {
      if (before === undefined || !(error instanceof Unreachable)) throw error;
      return this.#exchange(signal, act);
    }
  }

  async #exchange<T>(
    signal: AbortSignal,
    act: (session: GatewaySession, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const conversation = this.#conversation ?? (await waitFor(signal, () => this.#connect()));
    try {
      const answer = await bounded(this.#clock, this.#exchangeMs, [signal, conversation.gone.signal], (end) =>
        act(conversation.session, end),
      );
      this.lastSeen = this.#clock.now();
      return answer;
    } catch (error) {
      if (error instanceof Unreachable && this.#conversation === conversation) this.drop(error.message);
      throw error;
    }
  }

  /** One connection for all who need it now. */
  #connect(): Promise<Conversation> {
    this.#connecting ??= this.#dial().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #dial(): Promise<Conversation> {
    let late = false;
    try {
      const session = await bounded(this.#clock, this.#exchangeMs, [], async (end) => {
        const made = await this.driver.connect(this.gateway, end);
        if (late) this.#leave(made);
        return made;
      });
      this.#conversation = { session, gone: new AbortController() };
      this.lastSeen = this.#clock.now();
      return this.#conversation;
    } catch (error) {
      late = true;
      if (error instanceof Untrusted)
        this.#log.error({ gatewayId: this.gateway.gatewayId, reason: error.message }, 'gateway not trusted');
      throw error;
    }
  }

  #leave(session: GatewaySession): void {
    Promise.resolve(session[Symbol.asyncDispose]()).catch((error: unknown) => this.#tell(error, 'leaving the gateway'));
  }

  #tell(error: unknown, doing: string): void {
    const known =
      error instanceof Unreachable ||
      error instanceof Untrusted ||
      (error instanceof Error && error.name === 'TimedOut');
    const fields = { gatewayId: this.gateway.gatewayId, reason: messageOf(error) };
    if (known) this.#log.info(fields, `${doing}: no answer`);
    else this.#log.warn(fields, `${doing}: failed`);
  }
}

/** The refusal for what could not be sent. */
export function notConnected(gatewayId: string, error: unknown): Refusal {
  if (error instanceof Untrusted)
    return refuse('gateway-offline', `the gateway ${gatewayId} could not prove who it is; tell the operator`);
  return refuse('gateway-offline', `the gateway ${gatewayId} is not connected (${messageOf(error)}); try later`);
}

/** An error in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
