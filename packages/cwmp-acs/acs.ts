import { Unreachable } from '@sluice/driver';
import type { IpAddress } from '@sluice/model';
import type { CwmpAnswer, CwmpCall, CwmpInform } from '@sluice/wire/cwmp';
import { type CwmpContact, contactOf } from './contact.ts';
import type { CwmpDevice } from './device.ts';
import { type AcsLimits, type AcsOptions, defaultAcsLimits } from './options.ts';
import { CwmpSession } from './session.ts';
import { Turns, untilAborted } from './turns.ts';
import { type Bindings, wake } from './wake.ts';

/** Being alone with one device. */
export interface CwmpConversation {
  /** What it said when its session began. */
  readonly contact: CwmpContact;
  /** See {@link CwmpSession.ask}. */
  ask(call: CwmpCall, signal: AbortSignal): Promise<CwmpAnswer>;
}

interface Place {
  readonly turns: Turns;
  session?: CwmpSession;
  device?: CwmpDevice;
  contact?: CwmpContact;
  /** Settles with the next session. */
  next?: PromiseWithResolvers<CwmpSession>;
  waking?: { readonly done: Promise<void>; readonly signal: AbortSignal };
}

/** Every device that was heard of or asked for, one place each. It opens no port: `listenCwmp` does. */
export class Acs implements Disposable {
  readonly options: AcsOptions;
  readonly limits: AcsLimits;
  /** Set where a STUN server runs: how devices behind a NAT are reached. */
  bindings: Bindings | undefined;
  readonly #places = new Map<string, Place>();
  readonly #sessions = new Map<string, CwmpSession>();
  #begun = 0;
  readonly #ending = new AbortController();

  constructor(options: AcsOptions) {
    this.options = options;
    this.limits = { ...defaultAcsLimits, ...options.limits };
  }

  /** Sessions under way. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** What a device last said of itself. */
  contact(gatewayId: string): CwmpContact | undefined {
    return this.#places.get(gatewayId)?.contact;
  }

  /** The session that a cookie belongs to. */
  sessionOf(secret: string): CwmpSession | undefined {
    return this.#sessions.get(secret);
  }

  /** The session of a device. */
  sessionWith(gatewayId: string): CwmpSession | undefined {
    return this.#places.get(gatewayId)?.session;
  }

  /** Every session under way, with its device as it was registered when it began. */
  sessionsOfDevices(): readonly { readonly device: CwmpDevice; readonly session: CwmpSession }[] {
    return [...this.#sessions.values()].flatMap((session) => {
      const device = this.#places.get(session.contact.gatewayId)?.device;
      return device ? [{ device, session }] : [];
    });
  }

  /** A device, known to be the one, begins a session; one that it had before is over. */
  begin(device: CwmpDevice, inform: CwmpInform, namespace: string, address: IpAddress | undefined): CwmpSession {
    const { clock, listener, log } = this.options;
    const { gatewayId } = device;
    const place = this.#placeOf(gatewayId);
    place.session?.end('it began another session');
    const contact = contactOf(gatewayId, inform, address, clock.now(), place.turns.wanted > 0);
    const session = new CwmpSession(contact, namespace, {
      clock,
      limits: this.limits,
      number: this.#begun++,
      isWanted: () => place.turns.wanted > 0,
      onEnd: (ended, reason) => this.#ended(place, ended, reason),
    });
    place.session = session;
    place.device = device;
    place.contact = contact;
    this.#sessions.set(session.secret, session);
    log.debug({ gatewayId, events: contact.events, address }, 'a session began');
    place.next?.resolve(session);
    delete place.next;
    const work = listener.informed(contact);
    if (work) session.expect(work);
    return session;
  }

  /**
   * Acts while nobody else asks the device anything; wakes it where it has no session. Throws `Unreachable` where none
   * comes about, or the signal's reason, when nothing was asked; then whatever `act` throws.
   */
  async alone<T>(
    gatewayId: string,
    signal: AbortSignal,
    act: (conversation: CwmpConversation) => Promise<T>,
  ): Promise<T> {
    if (this.#ending.signal.aborted) throw new Unreachable('the ACS ends');
    const place = this.#placeOf(gatewayId);
    const work = place.turns.take(signal, async () => {
      let session = await this.#reach(gatewayId, place, signal);
      let asked = false;
      return act({
        get contact() {
          return session.contact;
        },
        ask: async (call, until) => {
          // A session that ends before its first call, by its time being over, is not the device's loss.
          if (!asked && session.hasEnded) session = await this.#reach(gatewayId, place, until);
          asked = true;
          return session.ask(call, until);
        },
      });
    });
    return work.finally(() => {
      if (place.turns.wanted === 0) place.session?.rest();
    });
  }

  /** Ends every session; nobody is reached any more. */
  [Symbol.dispose](): void {
    this.#ending.abort(new Unreachable('the ACS ends'));
    for (const session of [...this.#sessions.values()]) session.end('the ACS ends');
  }

  /** A session in which something can be asked: the one there is, or the next, for which the device is woken. */
  async #reach(gatewayId: string, place: Place, signal: AbortSignal): Promise<CwmpSession> {
    const { session } = place;
    if (session && !session.hasEnded && !session.isStalled) return session;
    place.next ??= Promise.withResolvers<CwmpSession>();
    const { promise } = place.next;
    const ending = this.#ending.signal;
    const until = AbortSignal.any([signal, ending]);
    const waking = this.#waking(gatewayId, place, signal);
    // Woken in vain is told at once; woken well, the session may take a while.
    const failed = waking.then(() => promise);
    return untilAborted(Promise.race([promise, failed]), until);
  }

  /** The one try to wake a device. One that was given up is nobody's any more. */
  #waking(gatewayId: string, place: Place, signal: AbortSignal): Promise<void> {
    if (place.waking && !place.waking.signal.aborted) return place.waking.done;
    const waking = { done: this.#wake(gatewayId, place, signal), signal };
    place.waking = waking;
    const over = () => {
      if (place.waking === waking) delete place.waking;
    };
    waking.done.then(over, over);
    return waking.done;
  }

  /** Resolves when the device was told to come, or begins a session; rejects where it cannot be told, or `signal` ends. */
  async #wake(gatewayId: string, place: Place, signal: AbortSignal): Promise<void> {
    const { devices, clock } = this.options;
    const device = await devices.byGatewayId(gatewayId);
    if (!device) throw new Unreachable(`${gatewayId} is registered as no CWMP device`);
    const { promise } = place.next ?? Promise.withResolvers<CwmpSession>();
    const done = new AbortController();
    const until = AbortSignal.any([signal, done.signal, this.#ending.signal]);
    void promise.then(() => done.abort());
    const cancel = clock.after(this.limits.wakeMs, () => done.abort(new Unreachable(`${gatewayId} did not come`)));
    try {
      await wake({ device, contact: place.contact, bindings: this.bindings, ...this.#wakePorts() }, until);
      await untilAborted(promise, until).catch((error: unknown) => {
        if (!place.session || place.session.hasEnded) throw error;
      });
    } finally {
      cancel();
    }
  }

  #wakePorts() {
    const { clock, log } = this.options;
    return { clock, log, answerMs: this.limits.connectionRequestMs };
  }

  #ended(place: Place, session: CwmpSession, reason: string): void {
    this.#sessions.delete(session.secret);
    if (place.session === session) delete place.session;
    this.options.log.debug({ gatewayId: session.contact.gatewayId, reason }, 'a session ended');
  }

  #placeOf(gatewayId: string): Place {
    let place = this.#places.get(gatewayId);
    if (!place) {
      place = { turns: new Turns() };
      this.#places.set(gatewayId, place);
    }
    return place;
  }
}
