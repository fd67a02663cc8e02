import { type Refusal, refuse, transportOf } from '@sluice/model';
import type { PlannedOpening } from '../planning/openings.ts';
import {
  agreementFor,
  assignPorts,
  freePortWishes,
  needsPorts,
  type PortTaken,
  proposePorts,
} from '../planning/ports.ts';
import type { PortAgreement } from '../settings.ts';
import type { LiveHop, LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** Chooses the global ports of a session at one hop, again when a choice was taken meanwhile. */
export class PortChoice {
  readonly #w: Workings;
  readonly #live: LiveSession;
  readonly #hop: LiveHop;
  readonly #plan: readonly PlannedOpening[];
  readonly #way: PortAgreement | undefined;
  readonly #tried = new Set<string>();
  #held: PortTaken | undefined;

  /** `mayPick`: nobody needs to know the ports before the gateway is asked. */
  constructor(w: Workings, live: LiveSession, hop: LiveHop, plan: readonly PlannedOpening[], mayPick: boolean) {
    this.#w = w;
    this.#live = live;
    this.#hop = hop;
    this.#plan = plan;
    const traits = live.traitsOf(hop);
    const ways = mayPick ? traits.portAgreement : traits.portAgreement.filter((way) => way !== 'pick');
    const wished = hop.link.gateway.communication.portAgreement as PortAgreement | undefined;
    const wish = wished ?? w.settings.portAgreement;
    this.#way = needsPorts(plan) ? agreementFor(wish, plan, { ...traits, portAgreement: ways }) : 'pick';
  }

  /** Another choice may do better. Where the gateway picks, or the port is the device's own, it cannot. */
  get mayTryAgain(): boolean {
    return this.#way !== 'pick';
  }

  /** The plan with global ports, or without where the gateway picks. */
  async next(signal: AbortSignal): Promise<readonly PlannedOpening[] | Refusal> {
    switch (this.#way) {
      case 'pick':
        return this.#plan;
      case 'propose':
        return this.#propose();
      case 'list-free':
        return this.#fromList(signal);
      default:
        return refuse(
          'trait-missing',
          'this type of gateway cannot be asked for the global ports that this session needs (RTP and its RTCP on a port and the next, or ports known before it opens)',
        );
    }
  }

  #propose(): readonly PlannedOpening[] | Refusal {
    const { settings, random } = this.#w;
    this.#held ??= this.#w.live.portsTaken(this.#hop.link.gateway.gatewayId);
    const held = this.#held;
    const taken: PortTaken = (transport, port) => held(transport, port) || this.#tried.has(`${transport} ${port}`);
    const first = this.#tried.size === 0;
    const chosen = proposePorts(this.#plan, settings.globalPorts, taken, first, random);
    if (!chosen) return exhausted();
    for (const { streamType, globalPort } of chosen) this.#tried.add(`${transportOf(streamType)} ${globalPort}`);
    this.#live.noteAt(this.#hop, this.#w.clock.now(), 'proposing-ports', portsOf(chosen));
    return chosen;
  }

  async #fromList(signal: AbortSignal): Promise<readonly PlannedOpening[] | Refusal> {
    const wishes = freePortWishes(this.#plan);
    const lists = await Promise.all(wishes.map((wish) => this.#hop.link.freePorts(wish, signal)));
    const known = lists.filter((list) => list !== undefined);
    if (known.length < lists.length)
      return refuse('gateway-silent', 'the gateway did not say which ports are free; ask again with a new request id');
    const chosen = assignPorts(this.#plan, wishes, known);
    if (!chosen) return exhausted();
    this.#live.noteAt(this.#hop, this.#w.clock.now(), 'ports-listed-free', portsOf(chosen));
    return chosen;
  }
}

function exhausted(): Refusal {
  return refuse(
    'ports-exhausted',
    'the gateway has no global port left for this request; close a session or try later',
  );
}

function portsOf(openings: readonly PlannedOpening[]): string {
  return openings.map(({ globalPort }) => globalPort).join(', ');
}
