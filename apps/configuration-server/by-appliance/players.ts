import {
  addressBytes,
  type Clock,
  type ContentRequest,
  familyOf,
  type Gateway,
  type Instant,
  type IpAddress,
  plainTransportOf,
  type Refusal,
  refuse,
} from '@sluice/model';
import type { ApplianceLink } from './link.ts';
import type { ApplianceLinks } from './links.ts';

/** What finding out whose program asks is made of. */
export interface PlayerPorts {
  readonly links: Pick<ApplianceLinks, 'carriedBy'>;
  /** The one gateway that is known to have that address. */
  gatewayAt(address: IpAddress): Promise<Gateway | undefined>;
  readonly clock: Clock;
}

/** Whose program it is, and at which address. */
type Tie = Pick<ContentRequest, 'applianceId' | 'localAddresses' | 'receiver'>;

/** A request, and why no appliance takes it for one of its own. */
export interface Tied {
  readonly asked: ContentRequest;
  readonly refusal?: Refusal;
}

/** Who asks without a certificate, as portals name them: by the address that they are seen at. */
const nameless = /^(?:player|device):/;
/** Longest that devices may take to look at their own connections, ms. */
const withinMs = 1_500;
/** Most devices that are asked about one request: a home has no more, and behind a carrier's address IPv4 does not come in. */
const mostAsked = 16;
/** How long asking again with the same id is answered the same, ms. */
const keptMs = 600_000;

/**
 * Finds the appliance whose program asks: a player shows no certificate, and behind a gateway that answers only inside the
 * home an appliance of the same device has to open for it. The device alone can tell, from its own connections; no address
 * that somebody says counts. Only appliances that the same portal carries, and sees at the same address, are asked.
 */
export class Players {
  readonly #ports: PlayerPorts;
  readonly #tied = new Map<string, { readonly tie: Tie; readonly at: Instant }>();

  constructor(ports: PlayerPorts) {
    this.#ports = ports;
  }

  /**
   * The request as one of the appliance that it is tied to. As it was where it is tied to none, or to more than one; then
   * `refusal` says why, where an appliance would have to open for it.
   */
  async tied(asked: ContentRequest, signal: AbortSignal): Promise<Tied> {
    if (!nameless.test(asked.applianceId)) return { asked };
    const { gatewayAt, clock } = this.#ports;
    const key = `${asked.portalId} ${asked.requestId}`;
    const before = this.#tied.get(key);
    if (before) return { asked: { ...asked, ...before.tie } };
    const gateway = await gatewayAt(asked.flow.observed.address);
    // A gateway that is spoken to itself finds the device in its own translation table.
    if (gateway && gateway.communication.through !== 'appliance') return { asked };
    const candidates = this.#candidates(asked);
    if (candidates.length === 0) return gateway ? { asked, refusal: notTaken('no appliance is connected') } : { asked };
    const answers = await Promise.all(candidates.map((link) => this.#ask(link, asked, signal)));
    const ties = answers.filter((answer) => typeof answer !== 'string');
    const [tie] = ties;
    if (!tie) return { asked, refusal: notTaken(answers.filter((answer) => typeof answer === 'string').join('; ')) };
    if (new Set(ties.map(({ applianceId }) => applianceId)).size > 1)
      return { asked, refusal: notTaken('more than one appliance does') };
    this.#keep(key, { tie, at: clock.now() });
    return { asked: { ...asked, ...tie } };
  }

  #candidates({ portalId, flow }: ContentRequest): readonly ApplianceLink[] {
    const home = homeOf(flow.observed.address);
    return this.#ports.links.carriedBy(portalId, (address) => homeOf(address) === home).slice(0, mostAsked);
  }

  async #ask(link: ApplianceLink, { flow, streams }: ContentRequest, signal: AbortSignal): Promise<Tie | string> {
    const { clock } = this.#ports;
    const late = new AbortController();
    const cancel = clock.after(withinMs, () => late.abort(new Error('the appliance did not answer in time')));
    try {
      const { portal, observed } = flow;
      const wanted = streams.map(({ streamType, localPort, remote }) => ({
        transport: plainTransportOf(streamType),
        port: localPort,
        remote,
      }));
      const question = {
        ask: 'player',
        now: clock.now(),
        withinMs,
        flow: { portal, observed },
        streams: wanted,
      } as const;
      const { answer } = await link.ask(question, AbortSignal.any([signal, late.signal]));
      if (answer.kind === 'no-player') return `${link.applianceId} says: ${answer.reason}`;
      if (answer.kind !== 'player') return `${link.applianceId} answers ${answer.kind}`;
      return { applianceId: link.applianceId, localAddresses: [answer.local], receiver: 'program' };
    } catch (error) {
      return `${link.applianceId}: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      cancel();
    }
  }

  #keep(key: string, known: { readonly tie: Tie; readonly at: Instant }): void {
    this.#tied.set(key, known);
    for (const [other, { at }] of this.#tied) {
      if (known.at - at < keptMs) break;
      this.#tied.delete(other);
    }
  }
}

/** What devices of one home have in common outside: the IPv4 address, or the first half of the IPv6 one. */
function homeOf(address: IpAddress): string {
  return familyOf(address) === 4 ? address : Buffer.from(addressBytes(address).subarray(0, 8)).toString('hex');
}

function notTaken(why: string): Refusal {
  const message = `an appliance has to open this home, and none there takes the player for a program of its own: ${why}; run "sluice appliance daemon" on the player's device, with players allowed`;
  return refuse('device-not-found', message.slice(0, 1_024));
}
