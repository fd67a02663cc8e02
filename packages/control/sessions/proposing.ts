import {
  type CallParty,
  type CallPorts,
  type CallProposal,
  familyOf,
  type Gateway,
  type Instant,
  type IpAddress,
  type Port,
  type Refusal,
  refuse,
  transportOf,
} from '@sluice/model';
import { groupOf, type PlannedOpening } from '../planning/openings.ts';
import { type PortTaken, proposePorts } from '../planning/ports.ts';
import type { Workings } from './workings.ts';

/** How long a proposal is kept free for its call: a telephone rings, and is answered, within this. */
const keptMs = 180_000;

/** Global ports that were proposed for calls and are not opened yet: no other call is told the same. */
export class Proposals {
  readonly #w: Workings;
  readonly #until = new Map<string, Instant>();

  constructor(w: Workings) {
    this.#w = w;
  }

  /** See Control.proposeCall. */
  propose(
    caller: CallParty,
    callee: Omit<CallParty, 'streams'>,
    own: readonly Gateway[] | Refusal,
    other: readonly Gateway[] | Refusal,
  ): CallProposal | Refusal {
    if ('code' in own) return own;
    if ('code' in other) return other;
    if (own[0]?.gatewayId === other[0]?.gatewayId) return { way: 'direct' };
    const addresses = { caller: caller.flow.observed.address, callee: callee.flow.observed.address };
    if (familyOf(addresses.caller) !== familyOf(addresses.callee))
      return refuse(
        'path-mismatch',
        'the parties of the call were seen over different versions of IP; both need the same',
      );
    const near = this.#portsAt(own, addresses.caller, caller.streams);
    const far = this.#portsAt(other, addresses.callee, caller.streams);
    if (!near || !far)
      return refuse('ports-exhausted', 'a gateway has no global port left for this call; try again later');
    return { way: 'gateways', addresses, ports: { caller: near, callee: far } satisfies CallPorts };
  }

  /** Ports at the outermost gateway of a path; none where nothing is translated: the devices' own serve. */
  #portsAt(
    path: readonly Gateway[],
    address: IpAddress,
    streams: CallParty['streams'],
  ): Readonly<Record<string, Port>> | undefined {
    const outermost = path.at(-1);
    if (!outermost || familyOf(address) === 6) return {};
    const { gatewayId } = outermost;
    this.#forget();
    const held = this.#w.live.portsTaken(gatewayId);
    const taken: PortTaken = (transport, port) =>
      held(transport, port) || this.#until.has(`${gatewayId} ${transport} ${port}`);
    const nowhere = { address, port: 1 };
    const openings = streams.map(
      (stream): PlannedOpening => ({
        id: stream.id,
        streamType: stream.streamType,
        remote: nowhere,
        ...groupOf(stream, streams),
        local: { port: stream.localPort },
      }),
    );
    const { globalPorts } = this.#w.settings;
    const chosen = proposePorts(openings, globalPorts, taken, false, this.#w.random);
    if (!chosen) return undefined;
    const until = this.#w.clock.now() + keptMs;
    const ports: Record<string, Port> = {};
    for (const { id, streamType, globalPort } of chosen) {
      if (globalPort === undefined) return undefined;
      ports[id] = globalPort;
      this.#until.set(`${gatewayId} ${transportOf(streamType)} ${globalPort}`, until);
    }
    return ports;
  }

  #forget(): void {
    const now = this.#w.clock.now();
    for (const [place, until] of this.#until) {
      // In the order they were made, and kept equally long.
      if (until > now) return;
      this.#until.delete(place);
    }
  }
}
