import { type AskedPart, exchange, mostLinkOctets, portalStreamEvent, readEvents } from '@sluice/api';
import type { HttpsPeer, Log, PeerAnswer } from '@sluice/io';
import { type Refusal, refuse } from '@sluice/model';
import type { Caller } from '../caller.ts';

/** Where what comes down for one appliance goes. */
export interface Downstream {
  /** A question to the appliance, unread. */
  question(question: unknown): void;
  /** An order to this portal. */
  order(order: unknown): void;
  /** Nothing comes any more. */
  end(): void;
}

/** What the connection to the configuration server is made of. */
export interface UpstreamPorts {
  readonly part: AskedPart<PeerAnswer> & { readonly peer: HttpsPeer };
  readonly log: Log;
  readonly lifetime: AbortSignal;
}

/** An event names its link beside its message. */
const mostEventOctets = mostLinkOctets + 1024;
const mostMs = 5_000;

/** The one stream by which the configuration server speaks to the appliances that this portal carries, and to it. */
export class Upstream {
  readonly #ports: UpstreamPorts;
  readonly #down = new Map<string, Downstream>();
  #stream: Promise<string> | undefined;

  constructor(ports: UpstreamPorts) {
    this.#ports = ports;
  }

  /** Carries one appliance's link from now on. */
  async open(link: string, { endpointId, flow }: Caller, down: Downstream): Promise<Refusal | undefined> {
    this.#down.set(link, down);
    try {
      this.#stream ??= this.#connect();
      const refusal = await this.#send('POST', '/v1/appliance-links', {
        stream: await this.#stream,
        link,
        applianceId: endpointId,
        observed: flow.observed.address,
      });
      if (refusal) this.#down.delete(link);
      return refusal;
    } catch (error) {
      this.#down.delete(link);
      this.#ports.lifetime.throwIfAborted();
      return refuse('part-unreachable', `the configuration server cannot be reached (${String(error)}); try later`);
    }
  }

  /** The appliance has gone. Harmless on what is not carried any more. */
  async close(link: string): Promise<void> {
    if (this.#down.delete(link)) await this.#send('DELETE', `/v1/appliance-links/${link}`, undefined);
  }

  /** What came up from an appliance, or from this portal itself. */
  up(link: string, from: 'answers' | 'results' | 'doubts', message: object): Promise<Refusal | undefined> {
    return this.#send('POST', `/v1/appliance-links/${link}/${from}`, message);
  }

  /** Resolves to the stream's name once the configuration server listens; then reads on. */
  #connect(): Promise<string> {
    const { part, lifetime } = this.#ports;
    const named = Promise.withResolvers<string>();
    const read = async () => {
      const bytes = part.peer.stream('/v1/appliance-links/stream', lifetime);
      for await (const event of readEvents(bytes, mostEventOctets)) {
        const read = portalStreamEvent.safeParse(event);
        if (!read.success) continue;
        if ('stream' in read.data) named.resolve(read.data.stream);
        else if ('question' in read.data) this.#down.get(read.data.link)?.question(read.data.question);
        else this.#down.get(read.data.link)?.order(read.data.order);
      }
      throw new Error('the stream has ended');
    };
    read().catch((error: unknown) => {
      this.#stream = undefined;
      named.reject(error);
      const carried = [...this.#down.values()];
      this.#down.clear();
      if (!lifetime.aborted)
        this.#ports.log.warn({ appliances: carried.length, error: String(error) }, 'the stream of appliances ended');
      for (const down of carried) down.end();
    });
    return named.promise;
  }

  async #send(method: 'POST' | 'DELETE', path: string, json: object | undefined): Promise<Refusal | undefined> {
    const question = { method, path, json, mostMs };
    const answer = await exchange(this.#ports.part, question, this.#ports.lifetime);
    if (answer.kind === 'refused') return answer.refusal;
    const { status } = answer.value;
    return status < 300 ? undefined : refuse('part-unreachable', `the configuration server answers ${status}`);
  }
}
