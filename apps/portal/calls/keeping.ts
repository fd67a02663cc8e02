import type { Cancel, Clock } from '@sluice/model';
import { closeSurely, type Deciding } from '../verdict.ts';
import type { Met } from './meetings.ts';
import { watchSession } from './watching.ts';

/** Time for each party to begin to listen, and to come back when its connection broke, ms. */
const graceMs = 10_000;

/** Somebody who listens for the end of a call. */
export interface Listener {
  /** The call is over: why. */
  end(reason: string): void;
}

interface Kept {
  readonly met: Met;
  readonly listeners: Map<string, Set<Listener>>;
  /** Of parties that do not listen, until they are taken for gone. */
  readonly patience: Map<string, Cancel>;
  watch: Cancel;
}

/** Keeps calls for as long as both parties listen; one that went away takes the call with it. */
export class CallKeeping implements Disposable {
  readonly #parts: Deciding;
  readonly #clock: Clock;
  readonly #calls = new Map<string, Kept>();

  constructor(parts: Deciding) {
    this.#parts = parts;
    this.#clock = parts.clock;
  }

  add(met: Met): void {
    const call: Kept = { met, listeners: new Map(), patience: new Map(), watch: () => {} };
    this.#calls.set(met.sessionId, call);
    for (const applianceId of met.applianceIds) this.#missing(call, applianceId);
    call.watch = watchSession(this.#parts, met.sessionId, met.until, (why) => this.#forget(call, why));
  }

  /** A party listens until what is returned is disposed of; undefined where it is in no such call. */
  listen(sessionId: string, applianceId: string, listener: Listener): Disposable | undefined {
    const call = this.#calls.get(sessionId);
    if (!call?.met.applianceIds.includes(applianceId)) return undefined;
    call.patience.get(applianceId)?.();
    call.patience.delete(applianceId);
    const listeners = call.listeners.get(applianceId) ?? new Set();
    call.listeners.set(applianceId, listeners.add(listener));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#calls.get(sessionId) === call) this.#missing(call, applianceId);
      },
    };
  }

  /** A party hangs up. Resolves when both homes are closed; false where it is in no such call. */
  async hangUp(sessionId: string, applianceId: string): Promise<boolean> {
    const call = this.#calls.get(sessionId);
    if (!call?.met.applianceIds.includes(applianceId)) return false;
    await this.#close(call, `${applianceId} hung up`);
    return true;
  }

  [Symbol.dispose](): void {
    for (const call of this.#calls.values()) this.#forget(call, 'the portal ends');
  }

  #missing(call: Kept, applianceId: string): void {
    const gone = () => void this.#close(call, `${applianceId} is gone`).catch(() => {});
    call.patience.set(applianceId, this.#clock.after(graceMs, gone));
  }

  async #close(call: Kept, reason: string): Promise<void> {
    this.#forget(call, reason);
    await closeSurely(this.#parts, call.met.sessionId, 'appliance-left');
  }

  #forget(call: Kept, reason: string): void {
    if (!this.#calls.delete(call.met.sessionId)) return;
    call.watch();
    for (const cancel of call.patience.values()) cancel();
    for (const listeners of call.listeners.values()) for (const listener of listeners) listener.end(reason);
  }
}
