import type { Clock, Instant } from '@sluice/model';
import { type EventLog, type RedialPolicy, redialWaitMs, type UspConnection } from '@sluice/mtp';
import { encodeMsg, encodeRecord, messageRecord, requestMsg, type UspRequest } from '@sluice/wire/usp';
import { Alarm } from './alarm.ts';

/** What a Notify request holds. */
export type NotifyInit = Extract<UspRequest, { case: 'notify' }>['value'];

/** A notification to be sent. */
export interface Posting {
  readonly notify: Omit<NotifyInit, 'sendResp' | '$typeName'>;
  /** Repeat until the controller has confirmed it (Subscription.NotifRetry). */
  readonly retry: boolean;
  /** Give up repeating after that time; 0: never. */
  readonly expirationMs: number;
  /** The Subscription row it is for; undefined where there is none. */
  readonly subscription?: string;
  /** Called when the controller has confirmed it. */
  readonly onDelivered?: () => void;
}

/** What an outbox needs to know. */
export interface OutboxOptions {
  readonly agent: string;
  readonly controller: string;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly random: () => number;
  /** Waits between repeats, as the controller has set them now. */
  readonly retryPolicy: () => RedialPolicy;
  readonly nextMsgId: () => string;
}

interface Waiting {
  readonly posting: Posting;
  readonly record: Uint8Array;
  readonly expiresAt: Instant | undefined;
  readonly alarm: Alarm;
  repeats: number;
}

/** Notifications kept for one controller at most; beyond it the newest are lost. */
const mostWaiting = 1_000;

/**
 * Notifications on their way to one controller: sent at once where it is connected, kept until it is where not, and
 * repeated with the same message id until confirmed where that is wanted (TR-369 R-NOT.1 to R-NOT.4).
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting = new Map<string, Waiting>();
  #connection: UspConnection | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** The connection to use from now on; what waits is sent over it. Undefined: none. */
  use(connection: UspConnection | undefined): void {
    this.#connection = connection;
    for (const [msgId, waiting] of this.#waiting) this.#send(msgId, waiting);
  }

  post(posting: Posting): void {
    const { agent, controller, clock, log, nextMsgId } = this.#options;
    if (this.#waiting.size >= mostWaiting) {
      log.warn({ controller, waiting: mostWaiting }, 'notification lost: too many wait');
      return;
    }
    const msgId = nextMsgId();
    const value = { ...posting.notify, sendResp: posting.retry } as NotifyInit;
    const record = encodeRecord(
      messageRecord(agent, controller, encodeMsg(requestMsg(msgId, { case: 'notify', value }))),
    );
    const waiting: Waiting = {
      posting,
      record,
      expiresAt: posting.expirationMs > 0 ? clock.now() + posting.expirationMs : undefined,
      alarm: new Alarm(clock, () => this.#repeat(msgId)),
      repeats: 0,
    };
    this.#waiting.set(msgId, waiting);
    if (posting.retry) this.#schedule(waiting);
    this.#send(msgId, waiting);
  }

  /** The controller has confirmed a notification. Harmless where nothing waits under that id. */
  delivered(msgId: string): void {
    const waiting = this.#waiting.get(msgId);
    if (!waiting?.posting.retry) return;
    this.#drop(msgId, waiting);
    waiting.posting.onDelivered?.();
  }

  /** Drops what waits for a subscription that is no more. */
  forget(subscription: string): void {
    for (const [msgId, waiting] of this.#waiting) {
      if (waiting.posting.subscription === subscription) this.#drop(msgId, waiting);
    }
  }

  /** Sends and repeats nothing more. */
  close(): void {
    this.#connection = undefined;
    for (const [msgId, waiting] of this.#waiting) this.#drop(msgId, waiting);
  }

  #send(msgId: string, waiting: Waiting): void {
    const sent = this.#connection?.send(waiting.record) ?? false;
    if (sent && !waiting.posting.retry) this.#drop(msgId, waiting);
  }

  #repeat(msgId: string): void {
    const waiting = this.#waiting.get(msgId);
    if (!waiting) return;
    if (waiting.expiresAt !== undefined && this.#options.clock.now() >= waiting.expiresAt) {
      this.#options.log.info({ controller: this.#options.controller, msgId }, 'notification expired unconfirmed');
      this.#drop(msgId, waiting);
      return;
    }
    waiting.repeats++;
    this.#schedule(waiting);
    this.#send(msgId, waiting);
  }

  #schedule({ alarm, repeats }: Waiting): void {
    const { clock, random, retryPolicy } = this.#options;
    alarm.set(clock.now() + redialWaitMs(repeats + 1, retryPolicy(), random()));
  }

  #drop(msgId: string, waiting: Waiting): void {
    waiting.alarm.set(undefined);
    this.#waiting.delete(msgId);
  }
}
