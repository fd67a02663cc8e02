import {
  type LinkAnswer,
  type LinkQuestion,
  linkAnswer,
  type ProbeOrder,
  type ProbeResults,
  probeResults,
} from '@sluice/api';
import { Unreachable } from '@sluice/driver';
import type { IpAddress } from '@sluice/model';

/** A question without what the link itself adds. */
export type Question = LinkQuestion extends infer Each
  ? Each extends { id: number }
    ? Omit<Each, 'id'>
    : never
  : never;

/** It was sent, and no answer came: it may have been acted on. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}

/** What a link sends down: a question to the appliance, or an order to the portal that carries it. */
export type Downward = { readonly question: LinkQuestion } | { readonly order: ProbeOrder };

/** One connection of an appliance, carried by a portal. Questions are asked one at a time; answers find them by number. */
export class ApplianceLink {
  readonly name: string;
  readonly applianceId: string;
  /** The global address that its portal sees it at. */
  readonly observed: IpAddress | undefined;
  readonly #send: (message: Downward) => void;
  /** By what is answered and its number: an appliance cannot answer what its portal was told to do. */
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();
  readonly #ended = new AbortController();
  #last = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    { name, applianceId, observed }: { name: string; applianceId: string; observed?: IpAddress | undefined },
    send: (message: Downward) => void,
  ) {
    this.name = name;
    this.applianceId = applianceId;
    this.observed = observed;
    this.#send = send;
  }

  get isUp(): boolean {
    return !this.#ended.signal.aborted;
  }

  /**
   * One exchange with the appliance, after those that were asked before. Throws `Unreachable` when nothing was sent,
   * {@link AnswerLost} when no answer came, the signal's reason where the turn did not come in time.
   */
  async ask(question: Question, signal: AbortSignal): Promise<LinkAnswer> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await until(before, signal);
      const answer = linkAnswer.safeParse(
        await this.#exchange('answers', (id) => ({ question: { ...question, id } as LinkQuestion }), signal),
      );
      if (!answer.success) throw new AnswerLost('the appliance answers what the link does not have');
      return answer.data;
    } finally {
      // Whoever gave up waiting for the turn before must not let the next in earlier.
      void before.then(() => resolve());
    }
  }

  /** Has the media server try openings; undefined where the portal could not have it done. */
  async order(order: Omit<ProbeOrder, 'id'>, signal: AbortSignal): Promise<ProbeResults | undefined> {
    const results = probeResults.safeParse(
      await this.#exchange('results', (id) => ({ order: { ...order, id } }), signal),
    );
    return results.success ? results.data : undefined;
  }

  /** What came up for a number that was asked under; what nobody waits for any more is dropped. */
  answered(to: 'answers' | 'results', id: number, answer: unknown): void {
    this.#waiting.get(`${to} ${id}`)?.resolve(answer);
    this.#waiting.delete(`${to} ${id}`);
  }

  /** The connection is gone. */
  close(reason: string): void {
    this.#ended.abort(new AnswerLost(reason));
    for (const { reject } of this.#waiting.values()) reject(new AnswerLost(reason));
    this.#waiting.clear();
  }

  async #exchange(
    to: 'answers' | 'results',
    messageOf: (id: number) => Downward,
    signal: AbortSignal,
  ): Promise<unknown> {
    signal.throwIfAborted();
    if (!this.isUp) throw new Unreachable(`${this.applianceId} is not connected`);
    const id = ++this.#last;
    const waiting = Promise.withResolvers<unknown>();
    const key = `${to} ${id}`;
    this.#waiting.set(key, waiting);
    try {
      this.#send(messageOf(id));
      return await until(waiting.promise, signal, () => new AnswerLost(`${this.applianceId} did not answer in time`));
    } finally {
      this.#waiting.delete(key);
    }
  }
}

/** Waits no longer than `signal`; rejects with its reason, or with `late`'s. */
function until<T>(work: Promise<T>, signal: AbortSignal, late: () => unknown = () => signal.reason): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(late());
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
