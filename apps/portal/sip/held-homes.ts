import type { SessionView } from '@sluice/api';
import type { Cancel } from '@sluice/model';
import { watchSession } from '../calls/watching.ts';
import { closeSurely, type Deciding } from '../verdict.ts';

/** What is open for a call, in both homes. */
export class HeldHomes {
  readonly #parts: Deciding;
  /** Called when somebody else closed it. */
  readonly #lost: () => void;
  #sessionId: string | undefined;
  #unwatch: Cancel = () => {};
  #isOver = false;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(parts: Deciding, lost: () => void) {
    this.#parts = parts;
    this.#lost = lost;
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Resolves when what was to be closed is, or cannot be closed now and is tried again. */
  async closed(): Promise<void> {
    await this.#closing;
  }

  /** From here on this is open for the call; what was open before is closed. */
  hold({ sessionId, until }: Pick<SessionView, 'sessionId' | 'until'>): void {
    this.#drop();
    this.#sessionId = sessionId;
    if (this.#isOver) this.#drop();
    else this.#unwatch = watchSession(this.#parts, sessionId, until, this.#lost);
  }

  /** Closes both homes; what is opened later is closed at once. */
  close(): void {
    this.#isOver = true;
    this.#drop();
  }

  #drop(): void {
    this.#unwatch();
    const sessionId = this.#sessionId;
    this.#sessionId = undefined;
    if (sessionId === undefined) return;
    const closing = closeSurely(this.#parts, sessionId, 'appliance-left').catch(() => {});
    this.#closing = Promise.all([this.#closing, closing]);
  }
}
