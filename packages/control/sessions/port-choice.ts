import { type Opening, type Refusal, refuse } from '@sluice/model';
import {
  agreementFor,
  assignPorts,
  freePortWishes,
  needsPorts,
  type PortTaken,
  proposePorts,
} from '../planning/ports.ts';
import type { PortAgreement } from '../settings.ts';
import type { LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** Chooses the global ports of one session, again when a choice was taken meanwhile. */
export class PortChoice {
  readonly #w: Workings;
  readonly #live: LiveSession;
  readonly #plan: readonly Opening[];
  readonly #way: PortAgreement | undefined;
  readonly #tried = new Set<string>();
  #held: PortTaken | undefined;

  constructor(w: Workings, live: LiveSession, plan: readonly Opening[]) {
    this.#w = w;
    this.#live = live;
    this.#plan = plan;
    const wished = live.link.gateway.communication.portAgreement as PortAgreement | undefined;
    this.#way = needsPorts(plan) ? agreementFor(wished ?? w.settings.portAgreement, plan, live.traits) : 'pick';
  }

  /** Another choice may do better. Where the gateway picks, or the port is the device's own, it cannot. */
  get mayTryAgain(): boolean {
    return this.#way !== 'pick';
  }

  /** The plan with global ports, or without where the gateway picks. */
  async next(signal: AbortSignal): Promise<readonly Opening[] | Refusal> {
    switch (this.#way) {
      case 'pick':
        return this.#plan;
      case 'propose':
        return this.#propose();
      case 'list-free':
        return this.#fromList(signal);
      default:
        return refuse('trait-missing', 'this type of gateway cannot give RTP and its RTCP a port and the next');
    }
  }

  #propose(): readonly Opening[] | Refusal {
    const { settings, random } = this.#w;
    this.#held ??= this.#w.live.portsTaken(this.#live.session.gatewayId);
    const held = this.#held;
    const taken: PortTaken = (transport, port) => held(transport, port) || this.#tried.has(`${transport} ${port}`);
    const first = this.#tried.size === 0;
    const chosen = proposePorts(this.#plan, settings.globalPorts, taken, first, random);
    if (!chosen) return exhausted();
    for (const { streamType, globalPort } of chosen)
      this.#tried.add(`${streamType === 'tcp' ? 'tcp' : 'udp'} ${globalPort}`);
    this.#live.note(this.#w.clock.now(), 'proposing-ports', portsOf(chosen));
    return chosen;
  }

  async #fromList(signal: AbortSignal): Promise<readonly Opening[] | Refusal> {
    const wishes = freePortWishes(this.#plan);
    const lists = await Promise.all(wishes.map((wish) => this.#live.link.freePorts(wish, signal)));
    const known = lists.filter((list) => list !== undefined);
    if (known.length < lists.length)
      return refuse('gateway-silent', 'the gateway did not say which ports are free; ask again with a new request id');
    const chosen = assignPorts(this.#plan, wishes, known);
    if (!chosen) return exhausted();
    this.#live.note(this.#w.clock.now(), 'ports-listed-free', portsOf(chosen));
    return chosen;
  }
}

function exhausted(): Refusal {
  return refuse(
    'ports-exhausted',
    'the gateway has no global port left for this request; close a session or try later',
  );
}

function portsOf(openings: readonly Opening[]): string {
  return openings.map(({ globalPort }) => globalPort).join(', ');
}
