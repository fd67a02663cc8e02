import { type AskedPart, exchange, linkQuestion, linkWelcome, mostLinkOctets, readEvents } from '@sluice/api';
import type { HttpsPeer, PeerAnswer } from '@sluice/io';
import { type Cancel, type Clock, wait } from '@sluice/model';
import type { Answering } from './answering.ts';

/** What a connection for the home's gateway is made of. */
export interface LinkPorts {
  readonly part: AskedPart<PeerAnswer> & { readonly peer: HttpsPeer };
  readonly answering: Answering;
  /** Hears what gateways tell everybody, from the first question on. */
  listen(): Promise<AsyncDisposable>;
  readonly clock: Clock;
}

/** An event's line has a few octets beside its message. */
const mostEventOctets = mostLinkOctets + 64;
/** Longest time for an answer to go up, ms. */
const upMs = 5_000;
/** Waits before the connection is made again, ms; the last again and again. */
const againMs = [100, 1_000, 5_000] as const;
/** A content was looked at: somebody may ask for it in so many ms. */
const soonMs = 10_000;

/**
 * The connection over which the configuration server speaks to this home's gateway through this device, where the gateway
 * answers inside the home alone. Kept while somebody holds it; made again when it breaks.
 */
export class GatewayLink implements AsyncDisposable {
  readonly #ports: LinkPorts;
  readonly #holders = new Set<object>();
  readonly #soon = new Set<Cancel>();
  #run: { readonly end: AbortController; readonly over: Promise<void> } | undefined;
  /** Where what this device has to say goes up; undefined while it is not connected. */
  #up: string | undefined;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  /** Keeps the connection until what is returned is disposed of. */
  hold(): Disposable {
    const holder = {};
    this.#holders.add(holder);
    if (!this.#run) {
      const end = new AbortController();
      this.#run = { end, over: this.#keep(end.signal) };
    }
    return { [Symbol.dispose]: () => this.#release(holder) };
  }

  /** A request is near: connects meanwhile. What is returned takes that back. */
  soon(): Cancel {
    const holding = this.hold();
    const end = () => {
      cancel();
      this.#soon.delete(end);
      holding[Symbol.dispose]();
    };
    const cancel = this.#ports.clock.after(soonMs, end);
    this.#soon.add(end);
    return end;
  }

  /** The gateway may no longer hold what it held: the configuration server looks. Lost while there is no connection: it looks then anyway. */
  doubt(why: string): void {
    const { part } = this.#ports;
    const { end } = this.#run ?? {};
    if (this.#up === undefined || !end) return;
    const json = { why: why.slice(0, 256) };
    exchange(part, { method: 'POST', path: `${this.#up}/doubts`, json, mostMs: upMs }, end.signal).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = this.#run?.over;
    for (const end of this.#soon) end();
    for (const holder of this.#holders) this.#release(holder);
    await over;
  }

  #release(holder: object): void {
    if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
    this.#run?.end.abort(new Error('nobody needs the connection'));
    this.#run = undefined;
  }

  async #keep(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#connect(signal, () => {
          failures = 0;
        });
      } catch {
        // Whatever broke it: it is made again.
      }
      await wait(this.#ports.clock, againMs[Math.min(failures, againMs.length - 1)] ?? 0, signal);
    }
    if (this.#holders.size === 0) await this.#ports.answering[Symbol.asyncDispose]();
  }

  async #connect(signal: AbortSignal, connected: () => void): Promise<void> {
    const { part, listen } = this.#ports;
    await using listening = new AsyncDisposableStack();
    let isListening = false;
    let path: string | undefined;
    listening.defer(() => {
      if (this.#up === path) this.#up = undefined;
    });
    for await (const event of readEvents(part.peer.stream('/v1/link', signal), mostEventOctets)) {
      if (path === undefined) {
        path = `/v1/link/${linkWelcome.parse(event).link}`;
        this.#up = path;
        connected();
        continue;
      }
      if (!isListening) listening.use(await listen());
      isListening = true;
      await this.#reply(`${path}/answers`, event, signal);
    }
  }

  /** Questions come one at a time: the next waits for its asker, not here. */
  async #reply(path: string, event: unknown, signal: AbortSignal): Promise<void> {
    const question = linkQuestion.safeParse(event);
    if (!question.success) return;
    const { part, answering, clock } = this.#ports;
    const late = new AbortController();
    const { withinMs } = question.data;
    const cancel = clock.after(withinMs, () => late.abort(new Error('the gateway did not answer in time')));
    try {
      const json = await answering.answer(question.data, AbortSignal.any([signal, late.signal]));
      await exchange(part, { method: 'POST', path, json, mostMs: upMs }, signal);
    } finally {
      cancel();
    }
  }
}
