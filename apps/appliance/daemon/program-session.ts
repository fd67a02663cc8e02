import type { Answer, ContentAnswer, RequestView } from '@sluice/api';
import type { Cancel, Clock, Instant } from '@sluice/model';
import type { Portal } from '../portal.ts';

/** What a program is told of its session, in order. */
export type SessionEvent =
  | { readonly event: 'open'; readonly session: ContentAnswer }
  /** Its lease was renewed. */
  | { readonly event: 'until'; readonly until: Instant }
  /** The portal does not say how it stands; it is asked again. */
  | { readonly event: 'unknown'; readonly reason: string }
  | { readonly event: 'closed'; readonly reason: string };

/** Shortest and longest time to the next look, ms: clocks may differ. */
const leastMs = 1_000;
const mostMs = 300_000;
/** After a look that told nothing. */
const againMs = 5_000;

/**
 * A session that a program of this device asked for, and receives itself. Looked at when its lease would end: by then it
 * was renewed, or is over.
 */
export class ProgramSession {
  readonly answer: ContentAnswer;
  /** Whose program it is; undefined where that is not known. */
  readonly uid: number | undefined;
  readonly #portal: Portal;
  readonly #clock: Clock;
  readonly #over = Promise.withResolvers<void>();
  readonly #ending = new AbortController();
  readonly #readers = new Set<(event: SessionEvent) => void>();
  #until: Instant;
  #end: Extract<SessionEvent, { event: 'closed' }> | undefined;
  #cancel: Cancel = () => {};
  #leaving: Promise<Answer<RequestView>> | undefined;

  constructor(
    answer: ContentAnswer,
    { uid, portal, clock }: { uid: number | undefined; portal: Portal; clock: Clock },
  ) {
    this.answer = answer;
    this.uid = uid;
    this.#portal = portal;
    this.#clock = clock;
    this.#until = answer.until;
    this.#lookAfter(answer.until - clock.now());
  }

  /** Resolves when it is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** How it stands, without what is secret. */
  view() {
    const { sessionId, contentId, streams } = this.answer;
    return {
      sessionId,
      contentId,
      state: this.#end ? 'closed' : 'open',
      until: this.#until,
      streams,
      ...(this.#end && { reason: this.#end.reason }),
    };
  }

  /** Tells what was and what comes, until what is returned is disposed of. */
  watch(read: (event: SessionEvent) => void): Disposable {
    read({ event: 'open', session: this.answer });
    if (this.#end) read(this.#end);
    else this.#readers.add(read);
    return { [Symbol.dispose]: () => void this.#readers.delete(read) };
  }

  /** Ends it: the gateway is closed, then the server stops. Leaving twice gives the first answer. */
  leave(): Promise<Answer<RequestView>> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<Answer<RequestView>> {
    this.#cancel();
    const answer = await this.#portal.leave(this.answer.sessionId, 'appliance-left', this.#ending.signal);
    this.#close(answer.kind === 'granted' ? (answer.value.closeReason ?? 'appliance-left') : answer.refusal.code);
    return answer;
  }

  #lookAfter(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(Math.min(Math.max(ms, leastMs), mostMs), () => void this.#look());
  }

  async #look(): Promise<void> {
    const answer = await this.#portal.look(this.answer.sessionId, this.#ending.signal);
    if (this.#end || this.#leaving) return;
    if (answer.kind === 'refused') {
      const { code, message } = answer.refusal;
      if (code === 'session-unknown') return this.#close(code);
      this.#tell({ event: 'unknown', reason: message });
      return this.#lookAfter(againMs);
    }
    const { state, until, closeReason } = answer.value;
    if (state !== 'open' && state !== 'opening') return this.#close(closeReason ?? state);
    if (until > this.#until) this.#tell({ event: 'until', until });
    this.#until = until;
    this.#lookAfter(until - this.#clock.now());
  }

  #close(reason: string): void {
    if (this.#end) return;
    this.#cancel();
    this.#end = { event: 'closed', reason };
    this.#tell(this.#end);
    this.#readers.clear();
    this.#over.resolve();
  }

  #tell(event: SessionEvent): void {
    for (const read of this.#readers) read(event);
  }
}
