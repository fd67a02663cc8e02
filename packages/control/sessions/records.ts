import type { Clock, ContentSession } from '@sluice/model';
import type { Deadlines } from '../deadlines.ts';
import type { Log } from '../ports.ts';
import type { Store } from '../store.ts';

/** How long a write that nobody waits for may wait for company. */
const companyMs = 1_000;

/**
 * What the store is told, when: a verdict and a close before they are answered; what can be learnt again (renewals,
 * counters, the end of a close) later, many in one commit.
 */
export class Records {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #log: Log;
  readonly #later = new Map<string, { session: ContentSession; done: ((written: boolean) => void)[] }>();

  constructor(store: Store, clock: Clock, deadlines: Deadlines, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#log = log;
  }

  /** Resolves when the session is durable. What waits for company goes with it. */
  async now(session: ContentSession): Promise<void> {
    const waiting = this.#later.get(session.sessionId);
    this.#later.delete(session.sessionId);
    const written = this.#store.putSession(session);
    void this.flush();
    if (waiting)
      written.then(
        () => settle(waiting.done, true),
        () => settle(waiting.done, false),
      );
    await written;
  }

  /** Durable within about a second; resolves to whether it is. A newer value of the same session takes its place. */
  later(session: ContentSession): Promise<boolean> {
    if (this.#later.size === 0) this.#deadlines.set('records', this.#clock.now() + companyMs, () => void this.flush());
    return new Promise((resolve) => {
      const done = this.#later.get(session.sessionId)?.done ?? [];
      done.push(resolve);
      this.#later.set(session.sessionId, { session, done });
    });
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.#later.size === 0) return;
    this.#deadlines.drop('records');
    const batch = [...this.#later.values()];
    this.#later.clear();
    await Promise.all(
      batch.map(async ({ session, done }) => {
        try {
          await this.#store.putSession(session);
          settle(done, true);
        } catch (error) {
          this.#log.error({ sessionId: session.sessionId, reason: String(error) }, 'session not written');
          settle(done, false);
        }
      }),
    );
  }
}

function settle(done: readonly ((written: boolean) => void)[], written: boolean): void {
  for (const resolve of done) resolve(written);
}
