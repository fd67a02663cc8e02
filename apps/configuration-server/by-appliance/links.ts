import { randomBytes } from 'node:crypto';
import { type linkAnnouncement, mostLinkOctets } from '@sluice/api';
import { Unreachable } from '@sluice/driver';
import type { Log } from '@sluice/io';
import { type IpAddress, type Refusal, refuse } from '@sluice/model';
import type { z } from 'zod';
import { ApplianceLink } from './link.ts';

/** Whom the coming and going of appliances concerns. */
export interface LinkNews {
  /** An appliance that had no connection has one. */
  applianceCameBack(applianceId: string, why: string): void;
  /** Its last connection is gone. */
  applianceLost(applianceId: string, reason: string): void;
}

/** One portal's way down, and the links that it carries. */
interface PortalStream {
  readonly name: string;
  readonly portalId: string;
  readonly links: Set<string>;
  write(event: object): void;
}

/** Most connections of one appliance at once: one for each of its programs that plays. */
const mostOfOne = 4;

/** Every connection of appliances that speak to their own gateways, as portals carry them. */
export class ApplianceLinks {
  readonly #log: Log;
  readonly #news: LinkNews;
  readonly #streams = new Map<string, PortalStream>();
  readonly #links = new Map<string, { readonly link: ApplianceLink; readonly stream: PortalStream }>();
  /** Of each appliance, the newest last. */
  readonly #ofAppliance = new Map<string, ApplianceLink[]>();
  readonly #arrivals = new Map<string, PromiseWithResolvers<void>>();

  constructor(log: Log, news: LinkNews) {
    this.#log = log;
    this.#news = news;
  }

  /** A portal has come; `write` sends it an event. What is returned tells that it has gone, with all its links. */
  openStream(portalId: string, write: (event: object) => void): Disposable {
    const stream = { name: randomBytes(16).toString('hex'), portalId, links: new Set<string>(), write };
    this.#streams.set(stream.name, stream);
    write({ stream: stream.name });
    return {
      [Symbol.dispose]: () => {
        this.#streams.delete(stream.name);
        for (const name of stream.links) this.#drop(name, 'its portal is gone');
      },
    };
  }

  /** An appliance has come to a portal. */
  announce(
    portalId: string,
    { stream: name, link: linkName, applianceId, observed }: z.infer<typeof linkAnnouncement>,
  ): Refusal | undefined {
    const stream = this.#streams.get(name);
    if (stream?.portalId !== portalId || this.#links.has(linkName))
      return refuse('not-permitted', 'this stream is not there, or not yours');
    const own = this.#ofAppliance.get(applianceId) ?? [];
    if (own.length >= mostOfOne)
      return refuse('quota-exceeded', `an appliance may have ${mostOfOne} connections at once; end one first`);
    const link = new ApplianceLink({ name: linkName, applianceId, observed }, (message) => {
      if (JSON.stringify(message).length > mostLinkOctets) throw new Unreachable('the message is too long to be sent');
      stream.write({ link: linkName, ...message });
    });
    this.#links.set(linkName, { link, stream });
    stream.links.add(linkName);
    this.#ofAppliance.set(applianceId, [...own, link]);
    this.#arrivals.get(applianceId)?.resolve();
    this.#arrivals.delete(applianceId);
    this.#log.info({ applianceId, portalId }, 'appliance connected');
    if (own.length === 0) this.#news.applianceCameBack(applianceId, 'connected');
    return undefined;
  }

  /** An appliance has left a portal. */
  leave(portalId: string, linkName: string): Refusal | undefined {
    return this.#mine(portalId, linkName) ? this.#drop(linkName, 'the appliance has left') : unknown(linkName);
  }

  /** Something came up: an appliance's answer to a question, or a portal's result of an order. */
  answered(portalId: string, linkName: string, to: 'answers' | 'results', id: number, answer: unknown) {
    const link = this.#mine(portalId, linkName);
    link?.answered(to, id, answer);
    return link ? undefined : unknown(linkName);
  }

  /** An appliance tells that its gateway no longer holds what it held, or has other addresses. */
  doubted(portalId: string, linkName: string, why: string): Refusal | undefined {
    const link = this.#mine(portalId, linkName);
    if (link) this.#news.applianceCameBack(link.applianceId, why);
    return link ? undefined : unknown(linkName);
  }

  /** The connections of an appliance, the newest first. */
  of(applianceId: string): readonly ApplianceLink[] {
    return (this.#ofAppliance.get(applianceId) ?? []).toReversed();
  }

  /** What a portal carries of appliances that `isThere` says are meant, by the global address that it sees them at. */
  carriedBy(portalId: string, isThere: (observed: IpAddress) => boolean): readonly ApplianceLink[] {
    const carried = [...this.#links.values()].filter(({ stream }) => stream.portalId === portalId);
    return carried.flatMap(({ link }) => (link.observed !== undefined && isThere(link.observed) ? [link] : []));
  }

  /** Resolves when an appliance is connected: now, or when it comes. Rejects with the signal's reason. */
  async arrival(applianceId: string, signal: AbortSignal): Promise<void> {
    while (this.of(applianceId).length === 0) {
      signal.throwIfAborted();
      const arrival = this.#arrivals.get(applianceId) ?? Promise.withResolvers<void>();
      this.#arrivals.set(applianceId, arrival);
      const { promise: over, reject } = Promise.withResolvers<never>();
      const leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      await Promise.race([arrival.promise, over]).finally(() => signal.removeEventListener('abort', leave));
    }
  }

  #mine(portalId: string, linkName: string): ApplianceLink | undefined {
    const found = this.#links.get(linkName);
    return found?.stream.portalId === portalId ? found.link : undefined;
  }

  #drop(linkName: string, reason: string): undefined {
    const found = this.#links.get(linkName);
    if (!found) return;
    const { link, stream } = found;
    const { applianceId } = link;
    this.#links.delete(linkName);
    stream.links.delete(linkName);
    const left = (this.#ofAppliance.get(applianceId) ?? []).filter((other) => other !== link);
    if (left.length === 0) this.#ofAppliance.delete(applianceId);
    else this.#ofAppliance.set(applianceId, left);
    link.close(reason);
    this.#log.info({ applianceId, reason }, 'appliance disconnected');
    if (left.length === 0) this.#news.applianceLost(applianceId, reason);
  }
}

function unknown(linkName: string): Refusal {
  return refuse('not-permitted', `there is no link ${linkName.slice(0, 64)} of yours`);
}
