import { randomUUID } from 'node:crypto';
import { Unreachable } from '@sluice/driver';
import type { Cancel, Clock } from '@sluice/model';
import { type CwmpAnswer, type CwmpCall, type CwmpEnvelope, faultCode, writeEnvelope } from '@sluice/wire/cwmp';
import { AnswerLost } from './answer-lost.ts';
import type { CwmpContact } from './contact.ts';
import type { AcsLimits } from './options.ts';
import { last } from './precedence.ts';

/** What is sent back on one POST; without a body it is "204 No Content", which ends the session. */
export interface Reply {
  readonly status: 200 | 204 | 400;
  readonly body?: string;
}

/** How a device finds its session again: by the cookie, by the connection it is on, or by showing its password anew. */
export type SessionLink = 'cookie' | 'connection' | 'password';

/** What a session is made of. */
export interface SessionPorts {
  readonly clock: Clock;
  readonly limits: AcsLimits;
  /** How many sessions began before it. */
  readonly number: number;
  /** Whether somebody waits to ask this device something. */
  readonly isWanted: () => boolean;
  readonly onEnd: (session: CwmpSession, reason: string) => void;
}

interface Waiting {
  readonly id: string;
  readonly call: CwmpCall;
  readonly settle: (outcome: CwmpAnswer | Error) => void;
}

/** Methods that a device may call beside Inform, answered without content (TR-069 A.4, MaxEnvelopes 1). */
const takenMethods = [
  'TransferComplete',
  'AutonomousTransferComplete',
  'RequestDownload',
  'DUStateChangeComplete',
  'AutonomousDUStateChangeComplete',
];

/** One session of a device, from its Inform to "204 No Content": the device posts, and each answer carries a call. */
export class CwmpSession {
  readonly contact: CwmpContact;
  /** What the device's cookie has to say. */
  readonly secret = randomUUID().replaceAll('-', '');
  readonly #namespace: string;
  readonly #ports: SessionPorts;
  readonly #queue: Waiting[] = [];
  readonly #asked = new Set<string>();
  #pending: Waiting | undefined;
  #noAnswer: Cancel | undefined;
  #held: { readonly reply: (reply: Reply) => void; readonly letGo: Cancel } | undefined;
  #expected = 0;
  #messages = 0;
  #calls = 0;
  /** Begins the ids of its calls, so that they are not another session's. */
  readonly #name = randomUUID().slice(0, 8);
  #link: SessionLink = 'cookie';
  #isStalled = false;
  #endedBy: string | undefined;

  constructor(contact: CwmpContact, namespace: string, ports: SessionPorts) {
    this.contact = contact;
    this.#namespace = namespace;
    this.#ports = ports;
  }

  get hasEnded(): boolean {
    return this.#endedBy !== undefined;
  }

  /** It was asked something and its connection is gone: it may come back on another one, or not. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Its place among those in which an answer is waited for; the least is the oldest. */
  get rank(): number {
    return this.#pending ? this.#ports.number : last;
  }

  /** The session waits for what will be asked, as long as it may, until `work` settles. */
  expect(work: Promise<unknown>): void {
    this.#expected++;
    const done = () => {
      this.#expected--;
      this.rest();
    };
    work.then(done, done);
  }

  /** Some work is done: how long the session is still held is counted from now, by what is left. */
  rest(): void {
    if (!this.#held) return;
    this.#held.letGo();
    if (this.#hasWork) this.#held = { reply: this.#held.reply, letGo: this.#letGoLater() };
    else this.#letGo();
  }

  /**
   * One call. Throws `Unreachable` or the signal's reason when it was not sent, {@link AnswerLost} when it was and the
   * session or the signal ended first.
   */
  ask(call: CwmpCall, signal: AbortSignal): Promise<CwmpAnswer> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#endedBy !== undefined) return Promise.reject(new Unreachable(this.#endedBy));
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(at >= 0 ? signal.reason : this.#lost('was not waited for', signal.reason));
      };
      const waiting: Waiting = {
        id: `${this.#name}-${++this.#calls}`,
        call,
        settle(outcome) {
          signal.removeEventListener('abort', leave);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiting);
      if (this.#held && !this.#pending) this.#release(this.#next());
    });
  }

  /** What the device posted, undefined for an empty body; resolves to what is sent back. */
  take(envelope: CwmpEnvelope | undefined, link: SessionLink): Promise<Reply> {
    this.#link = link;
    this.#isStalled = false;
    // A device that posts again has given up the answer to what it posted before.
    this.#held?.reply({ status: 204 });
    this.#forgetHeld();
    if (this.#endedBy !== undefined) return Promise.resolve({ status: 204 });
    if (++this.#messages > this.#ports.limits.messages) return this.#over('it said too much in one session', 400);
    if (!envelope) return this.#pending ? this.#over('it answered a call with nothing', 204) : this.#proceed();
    const { message, id } = envelope;
    switch (message.name) {
      case 'Inform':
      case 'InformResponse':
      case 'GetParameterNames':
      case 'GetParameterValues':
      case 'SetParameterValues':
      case 'SetParameterAttributes':
      case 'AddObject':
      case 'DeleteObject':
        return this.#over(`it sent a ${message.name}`, 400);
      case 'GetRPCMethods':
        return this.#answer(id, {
          name: 'GetRPCMethodsResponse',
          methods: ['Inform', 'GetRPCMethods', ...takenMethods],
        });
      case 'Other': {
        const { method } = message;
        if (takenMethods.includes(method)) return this.#answer(id, { name: 'Other', method: `${method}Response` });
        const told = 'this method is not known here';
        return this.#answer(id, {
          name: 'Fault',
          code: faultCode.acsMethodNotSupported,
          message: told,
          parameters: [],
        });
      }
      default:
        return this.#answered(message, id);
    }
  }

  /** A connection of the device closed; `awaited`: on which it waited for our answer. */
  connectionClosed(awaited: boolean): void {
    if (awaited && this.#held) this.end('it left');
    else if (this.#pending && this.#link === 'connection') this.end('its connection is gone');
    else if (this.#pending) this.#isStalled = true;
  }

  /** Ends it: what waits is not sent, what was sent is not answered. */
  end(reason: string): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = `${this.contact.gatewayId}: ${reason}`;
    this.#isStalled = false;
    this.#noAnswer?.();
    const held = this.#held;
    this.#forgetHeld();
    held?.reply({ status: 204 });
    this.#pending?.settle(this.#lost(reason));
    this.#pending = undefined;
    for (const waiting of this.#queue.splice(0)) waiting.settle(new Unreachable(this.#endedBy));
    this.#ports.onEnd(this, reason);
  }

  get #hasWork(): boolean {
    return this.#asked.size > 0 || this.#expected > 0 || this.#ports.isWanted();
  }

  /** The device has nothing to say: it gets the next call, now or when there is one, or the end. */
  #proceed(): Promise<Reply> {
    if (this.#queue.length > 0) return Promise.resolve(this.#next());
    if (!this.#hasWork) {
      this.end('there was no work');
      return Promise.resolve({ status: 204 });
    }
    return new Promise((reply) => {
      this.#held = { reply, letGo: this.#letGoLater() };
    });
  }

  #next(): Reply {
    const waiting = this.#queue.shift();
    if (!waiting) return { status: 204 };
    this.#pending = waiting;
    this.#asked.add(waiting.id);
    const { clock, limits } = this.#ports;
    this.#noAnswer = clock.after(limits.answerMs, () => this.end('it did not answer in time'));
    const { id, call } = waiting;
    return { status: 200, body: writeEnvelope({ namespace: this.#namespace, id, message: call }) };
  }

  /**
   * The answer to what was asked. One that answers another call ends the session: what the device did is in doubt. An
   * id that is none of ours is a device's own invention, and the kind of its answer has to do.
   */
  #answered(answer: CwmpAnswer, id: string | undefined): Promise<Reply> {
    const pending = this.#pending;
    if (!pending) return this.#over(`it answered what nobody asked, with a ${answer.name}`, 400);
    const isOther = id !== undefined && id !== pending.id && this.#asked.has(id);
    if (isOther || (answer.name !== 'Fault' && answer.name !== `${pending.call.name}Response`))
      return this.#over(`it answered a ${pending.call.name} with a ${answer.name} for another call`, 400);
    this.#pending = undefined;
    this.#noAnswer?.();
    pending.settle(answer);
    return this.#proceed();
  }

  /** A device's own call is answered; what it was asked meanwhile stays asked. */
  #answer(id: string | undefined, message: CwmpEnvelope['message']): Promise<Reply> {
    const body = writeEnvelope({ namespace: this.#namespace, ...(id !== undefined && { id }), message });
    return Promise.resolve({ status: 200, body });
  }

  #over(reason: string, status: 204 | 400): Promise<Reply> {
    this.end(reason);
    return Promise.resolve({ status });
  }

  #letGoLater(): Cancel {
    const { clock, limits, isWanted } = this.#ports;
    return clock.after(this.#expected > 0 || isWanted() ? limits.expectMs : limits.holdMs, () => this.#letGo());
  }

  #letGo(): void {
    if (this.#held) this.end('there was no more work');
  }

  #release(reply: Reply): void {
    const held = this.#held;
    this.#forgetHeld();
    held?.reply(reply);
  }

  #forgetHeld(): void {
    this.#held?.letGo();
    this.#held = undefined;
  }

  #lost(reason: string, cause?: unknown): AnswerLost {
    return new AnswerLost(`${this.contact.gatewayId}: ${reason}`, { cause });
  }
}
