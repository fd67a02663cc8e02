import type { LinkAnswer, LinkQuestion } from '@sluice/api';
import { type Driver, type GatewaySession, Unreachable, Untrusted } from '@sluice/driver';
import type { Clock, Gateway, GatewayType, GrantedOpening, HomeSightings, Observed, Opening } from '@sluice/model';
import { applyChange } from './applying.ts';
import type { OwnPlayers, PlayerQuestion } from './own-players.ts';
import type { OwnRequests } from './own-requests.ts';
import type { ProbeWatch } from './probe-watch.ts';

/** What questions are answered with. */
export interface AnsweringPorts {
  /** For the types that this appliance speaks. */
  readonly drivers: readonly Driver[];
  readonly requests: OwnRequests;
  readonly watch: ProbeWatch;
  readonly clock: Clock;
  /** What this device sees of its gateway, whichever that is; left out, it does not look. */
  look?(signal: AbortSignal): Promise<HomeSightings>;
  /** This device's programs that ask portals themselves; left out, they may not. */
  readonly players?: OwnPlayers | undefined;
}

/** A question about a gateway that is known. */
type GatewayQuestion = Exclude<LinkQuestion, { readonly ask: 'look' | 'player' }>;

/** Answers what a configuration server asks about this home's gateway, and does what it may of what that wants done. */
export class Answering implements AsyncDisposable {
  readonly #ports: AnsweringPorts;
  readonly #drivers: ReadonlyMap<string, Driver>;
  readonly #sessions = new Map<string, GatewaySession>();

  constructor(ports: AnsweringPorts) {
    this.#ports = ports;
    this.#drivers = new Map(ports.drivers.map((driver) => [driver.type, driver]));
  }

  /** The answer to one question. Never rejects; a `signal` that ends makes of a change what it has come to. */
  async answer(question: LinkQuestion, signal: AbortSignal): Promise<LinkAnswer> {
    const { id } = question;
    if (question.ask === 'look') return { id, answer: await this.#look(signal) };
    if (question.ask === 'player') return { id, answer: await this.#player(question) };
    const driver = this.#drivers.get(question.gateway.type);
    if (!driver)
      return { id, answer: unreachable(`this appliance speaks to no gateway of type ${question.gateway.type}`) };
    const gateway = { ...question.gateway, type: question.gateway.type as GatewayType };
    const key = JSON.stringify(gateway);
    try {
      const session = await this.#session(key, driver, gateway, signal);
      const answer = await this.#about(question, { driver, session, gateway }, signal);
      return { id, traits: copied(session.traits ?? driver.traits), answer };
    } catch (error) {
      // What cannot be spoken to is connected to anew the next time.
      await this.#forget(key);
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof Untrusted) return { id, answer: { kind: 'untrusted', reason: reason.slice(0, 1_024) } };
      return { id, answer: unreachable(error instanceof Unreachable ? reason : `the appliance failed: ${reason}`) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((key) => this.#forget(key)));
  }

  async #look(signal: AbortSignal): Promise<LinkAnswer['answer']> {
    const { look } = this.#ports;
    try {
      if (!look) return unreachable('this appliance does not look for gateways');
      return { kind: 'sightings', sightings: copied(await look(signal)) };
    } catch (error) {
      return unreachable(error instanceof Error ? error.message : String(error));
    }
  }

  async #player(question: PlayerQuestion): Promise<LinkAnswer['answer']> {
    const claim =
      (await this.#ports.players?.claim(question)) ?? 'its household does not let programs ask for themselves';
    return typeof claim === 'string' ? { kind: 'no-player', reason: claim } : { kind: 'player', local: claim.local };
  }

  async #about(
    question: GatewayQuestion,
    speaking: { readonly driver: Driver; readonly session: GatewaySession; readonly gateway: Gateway },
    signal: AbortSignal,
  ): Promise<LinkAnswer['answer']> {
    const { clock, requests, watch } = this.#ports;
    const { session } = speaking;
    // Instants are meant by the asker's clock, and this device's may go wrong.
    const shift = clock.now() - question.now;
    switch (question.ask) {
      case 'addresses':
        return { kind: 'addresses', addresses: copied(await session.addresses(signal)) };
      case 'observe': {
        const observed = await session.observe(moved(question.believed as GrantedOpening[], shift), signal);
        return { kind: 'observed', observed: copied(this.#ours(observed, shift)) };
      }
      case 'apply': {
        const change = {
          open: moved(question.open as Opening[], shift),
          renew: (question.renew as { opening: GrantedOpening; until: number }[]).map(({ opening, until }) => ({
            opening: { ...opening, until: opening.until + shift },
            until: until + shift,
          })),
          close: moved(question.close as GrantedOpening[], shift),
        };
        const outcome = await applyChange(speaking, change, requests, clock, signal);
        if (outcome.kind !== 'applied') return { kind: 'outcome', outcome: copied(outcome) };
        return { kind: 'outcome', outcome: copied({ ...outcome, granted: moved(outcome.granted, -shift) }) };
      }
      case 'probed': {
        const { trial, openings, leastMs, mostMs } = question;
        const heard = await watch.heard(trial, openings as GrantedOpening[], leastMs, mostMs, signal);
        return { kind: 'probed', heard: copied(heard) };
      }
    }
  }

  /** What leads to another device is another's business, though its opening may be of the same deployment. */
  #ours({ at, ours, unsure = [], foreign }: Observed, shift: number): Observed {
    const own = ours.filter(({ opening }) => this.#ports.requests.isOwn(opening.local.address));
    return {
      at: at - shift,
      ours: own.map(({ opening, ...rest }) => ({ opening: { ...opening, until: opening.until - shift }, ...rest })),
      foreign: foreign + ours.length - own.length,
      ...(unsure.length > 0 && { unsure: moved(unsure, -shift) }),
    };
  }

  async #session(key: string, driver: Driver, gateway: Gateway, signal: AbortSignal): Promise<GatewaySession> {
    const known = this.#sessions.get(key);
    if (known) return known;
    const session = await driver.connect(gateway, signal);
    this.#sessions.set(key, session);
    return session;
  }

  async #forget(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    await session?.[Symbol.asyncDispose]();
  }
}

function unreachable(reason: string): LinkAnswer['answer'] {
  return { kind: 'unreachable', reason: reason.slice(0, 1_024) };
}

function moved<T extends Opening>(openings: readonly T[], ms: number): T[] {
  return openings.map((opening) => ({ ...opening, until: opening.until + ms }));
}

/** A frozen value as the schemas have it. */
function copied<T>(value: unknown): T {
  return value as T;
}
