import type { Answer, AwaitedStart, OpeningsHeld, StartAnswer, StartRequest } from '@sluice/api';
import { type Cancel, type Clock, formatEndpoint, refuse } from '@sluice/model';
import { contentView, type ServedContent } from '../catalogue.ts';
import type { Starts } from './starts.ts';

/** What a gateway may be ahead of the portal, ms: the portal's word has fewer ways to go. */
const aheadMs = 2_000;

interface Awaited {
  readonly order: AwaitedStart;
  readonly owner: string | undefined;
  start(held: OpeningsHeld): Promise<Answer<StartAnswer>>;
}

/** Starts that a portal has ordered and that wait for a gateway to tell where to. */
export class AwaitedStarts {
  readonly #contents: ReadonlyMap<string, ServedContent>;
  readonly #starts: Pick<Starts, 'start' | 'answered'>;
  readonly #clock: Clock;
  readonly #awaited = new Map<string, Awaited>();
  /** Gateways that came first. */
  readonly #early = new Map<string, () => void>();

  constructor(contents: readonly ServedContent[], starts: Pick<Starts, 'start' | 'answered'>, clock: Clock) {
    this.#contents = new Map(contents.map((served) => [served.content.contentId, served]));
    this.#starts = starts;
    this.#clock = clock;
  }

  /** Resolves when a gateway told where to and it was begun, or was refused; not awaited any more once `gone` aborts. */
  order(order: AwaitedStart, owner: string | undefined, gone: AbortSignal): Promise<Answer<StartAnswer>> {
    const { startId } = order;
    // Asked again, though it was told and begun before.
    const answered = this.#starts.answered(startId, owner);
    if (answered) return answered;
    if (this.#awaited.has(startId))
      return Promise.resolve(no(refuse('request-conflict', `the start ${startId} is awaited already`)));
    return new Promise((resolve) => {
      let begun: Promise<Answer<StartAnswer>> | undefined;
      const awaited: Awaited = {
        order,
        owner,
        start: (held) => {
          begun ??= this.#begin(awaited, held);
          void begun.then(resolve);
          return begun;
        },
      };
      this.#awaited.set(startId, awaited);
      gone.addEventListener(
        'abort',
        () => {
          if (this.#awaited.get(startId) === awaited) this.#awaited.delete(startId);
          resolve(no(refuse('media-not-started', 'nobody waits for it any more')));
        },
        { once: true },
      );
      this.#early.get(startId)?.();
    });
  }

  /** A gateway tells that it holds the openings of a start. Again, it changes nothing. */
  async held(startId: string, held: OpeningsHeld): Promise<Answer<StartAnswer>> {
    const awaited = this.#awaited.get(startId) ?? (await this.#soon(startId));
    return awaited ? awaited.start(held) : no(refuse('session-unknown', `nobody awaits the start ${startId}`));
  }

  async #begin({ order, owner }: Awaited, { openings }: OpeningsHeld): Promise<Answer<StartAnswer>> {
    const { startId, streams: wanted, observed, contentId, ...how } = order;
    const served = this.#contents.get(contentId);
    if (!served) return no(refuse('content-unknown', `there is no content ${contentId}`, contentId));
    const streams: StartRequest['streams'] = [];
    for (const { remote, to } of openings) {
      if (to.address !== observed)
        return no(refuse('path-mismatch', `${to.address} is not where the request came from`));
      const sent = [4, 6] as const;
      const stream = sent
        .flatMap((family) => contentView(served, family)?.streams ?? [])
        .find((each) => formatEndpoint(each.remote) === formatEndpoint(remote) && wanted.includes(each.id));
      if (!stream) return no(refuse('malformed', `no stream of the order comes from ${formatEndpoint(remote)}`));
      streams.push({ id: stream.id, to });
    }
    const missing = wanted.find((id) => !streams.some((stream) => stream.id === id));
    if (missing !== undefined) return no(refuse('media-not-started', `nothing is open for stream ${missing}`, missing));
    return this.#starts.start({ sessionId: startId, contentId, streams, ...how }, owner);
  }

  #soon(startId: string): Promise<Awaited | undefined> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => {};
      const settle = () => {
        cancel();
        this.#early.delete(startId);
        resolve(this.#awaited.get(startId));
      };
      cancel = this.#clock.after(aheadMs, settle);
      this.#early.set(startId, settle);
    });
  }
}

function no(refusal: ReturnType<typeof refuse>): Answer<never> {
  return { kind: 'refused', refusal };
}
