import { Unreachable } from '@sluice/driver';
import type { Cancel, Clock } from '@sluice/model';
import { closeCode, retire, type UspConnection } from '@sluice/mtp';
import type { Notify, UspAnswer, UspRequest } from '@sluice/wire/usp';
import { Conversation } from './conversation.ts';
import { type AgentContact, type GreetingOptions, greet } from './greeting.ts';
import { type Notification, notificationIn, SeenIds } from './notification.ts';

/** Told what happens at agents. Calls come one at a time and must not throw. */
export interface AgentListener {
  /** The agent is connected and has said what it speaks; requests may be made. */
  online(contact: AgentContact): void;
  /** The connection of an agent that was online is gone. */
  offline(agentId: string, reason: string): void;
  /** The agent began anew (Device.Boot!): what it held may be gone. Comes after `online`. */
  booted(agentId: string, parameters: Readonly<Record<string, string>>): void;
  /** Anything else that it told, each once, however often it was sent. */
  notified(agentId: string, notification: Notification): void;
  /** A record or message that could not be used; `code` as in TR-369 "Error Codes". */
  troubled(agentId: string, code: number, reason: string): void;
}

/** What a controller is and whom it tells. */
export interface UspControllerOptions extends GreetingOptions {
  /** TR-369 2.2. */
  readonly endpointId: string;
  readonly clock: Clock;
  readonly listener: AgentListener;
  /** Opens a connection to an agent that listens, at a `wss:` URL. Left out, agents must dial. */
  dial?(agentId: string, url: string, signal: AbortSignal): Promise<UspConnection>;
  /** Begins every msg_id of this process, so that none is used twice. */
  readonly idPrefix: string;
  /** From connection to being online, default 30 s (TP-469 7.10). */
  readonly greetingMs?: number;
}

interface Link {
  readonly conversation: Conversation;
  /** Resolves when the agent is online; rejects when it is gone first. */
  readonly contact: Promise<AgentContact>;
  online: boolean;
  /** A newer connection took its place; what that means for the agent is told when that one is online. */
  superseded: boolean;
  /** The agent began anew on this connection. */
  readonly booted: PromiseWithResolvers<false>;
  /** Resolves when it is told that the agent is online. */
  readonly told: PromiseWithResolvers<void>;
}

/** A dial under way, and how many wait for it. */
interface Dialling {
  readonly contact: Promise<AgentContact>;
  readonly giveUp: AbortController;
  waiting: number;
}

/** The close code of a connection that broke (RFC 6455 7.1.5). */
const brokenOff = 1006;

/** A USP controller: one conversation for each agent, whoever dialled. */
export class UspController implements AsyncDisposable {
  readonly endpointId: string;
  readonly #options: UspControllerOptions;
  readonly #links = new Map<string, Link>();
  readonly #dialling = new Map<string, Dialling>();
  readonly #seen = new Map<string, SeenIds>();
  #messages = 0;

  constructor(options: UspControllerOptions) {
    this.endpointId = options.endpointId;
    this.#options = options;
  }

  /**
   * Takes a connection that was accepted or dialled. One that the same agent had before ends when what was asked on it
   * is answered; where all of it was, the agent was online all the time.
   */
  take(connection: UspConnection): void {
    void this.#begin(connection).contact.catch(() => {});
  }

  /** Agents that are online now. */
  get online(): readonly string[] {
    return [...this.#links].filter(([, link]) => link.online).map(([agentId]) => agentId);
  }

  /**
   * The agent's contact: at once when it is online, after its greeting when it is connecting, or by dialling where a
   * URL is known. Throws `Unreachable`, or what the dial threw.
   */
  async reach(agentId: string, url: string | undefined, signal: AbortSignal): Promise<AgentContact> {
    const link = this.#links.get(agentId);
    if (link) return until(link.contact, signal);
    const { dial } = this.#options;
    let dialling = this.#dialling.get(agentId);
    if (!dialling) {
      if (url === undefined || !dial) throw new Unreachable(`${agentId} is not connected`);
      dialling = this.#dial(agentId, url, dial);
    }
    // Whoever else waits for it may be more patient than this caller; when nobody is, it is given up.
    dialling.waiting++;
    try {
      return await until(dialling.contact, signal);
    } finally {
      dialling.waiting--;
      if (dialling.waiting === 0) dialling.giveUp.abort(new Unreachable(`nobody waits for ${agentId} any more`));
    }
  }

  #dial(agentId: string, url: string, dial: NonNullable<UspControllerOptions['dial']>): Dialling {
    const giveUp = new AbortController();
    const contact = this.#bounded(agentId, async (patience) => {
      const connection = await dial(agentId, url, AbortSignal.any([patience, giveUp.signal]));
      return this.#begin(connection).contact;
    });
    const dialling = { contact, giveUp, waiting: 0 };
    this.#dialling.set(agentId, dialling);
    const done = () => {
      if (this.#dialling.get(agentId) === dialling) this.#dialling.delete(agentId);
    };
    giveUp.signal.addEventListener('abort', done, { once: true });
    contact.then(done, done);
    return dialling;
  }

  /**
   * One exchange with an agent. Several may be under way. A USP Error is an answer. Throws `Unreachable` or the
   * signal's reason when nothing was sent, `AnswerLost` when it was sent and no answer came.
   */
  request(agentId: string, request: UspRequest, signal: AbortSignal): Promise<UspAnswer> {
    const link = this.#links.get(agentId);
    if (!link) return Promise.reject(new Unreachable(`${agentId} is not connected`));
    return link.conversation.request(request, signal);
  }

  /** Ends the conversation with an agent; it may dial again. */
  hangUp(agentId: string, reason: string): void {
    this.#links.get(agentId)?.conversation.connection.close(closeCode.policy, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closing = [...this.#links.values()].map(({ conversation: { connection } }) => {
      connection.close(closeCode.goingAway, 'the controller ends');
      return connection.closed;
    });
    await Promise.all(closing);
  }

  #begin(connection: UspConnection): Link {
    const agentId = connection.peer;
    const before = this.#links.get(agentId);
    const connected = Promise.withResolvers<void>();
    const conversation = new Conversation(connection, () => `${this.#options.idPrefix}${++this.#messages}`, {
      connected: () => connected.resolve(),
      notified: (msgId, notify) => this.#notified(agentId, msgId, notify, link),
      troubled: (code, reason) => this.#options.listener.troubled(agentId, code, reason),
    });
    const link: Link = {
      conversation,
      contact: this.#greet(conversation, connected.promise),
      online: false,
      superseded: false,
      booted: Promise.withResolvers<false>(),
      told: Promise.withResolvers<void>(),
    };
    this.#links.set(agentId, link);
    const handedOver = before && Promise.race([this.#handOver(before), link.booted.promise]);
    void connection.closed.then(({ code, reason }) => {
      if (this.#links.get(agentId) === link) this.#links.delete(agentId);
      if (!link.superseded) this.#wentOffline(agentId, link, reason || `closed with code ${code}`);
    });
    link.contact.then(
      async (contact) => {
        const wasOnline = before?.online === true;
        const isHandOver = (await handedOver) === true && wasOnline;
        if (isHandOver && before) before.online = false;
        else if (before) this.#wentOffline(agentId, before, 'a newer connection took its place');
        if (this.#links.get(agentId) !== link) return;
        link.online = true;
        if (!isHandOver) this.#options.listener.online(contact);
        link.told.resolve();
      },
      (error: Error) => {
        if (before) this.#wentOffline(agentId, before, 'a newer connection took its place');
        this.#options.listener.troubled(agentId, 0, `no contact: ${error.message}`);
        connection.close(closeCode.policy, 'no contact');
      },
    );
    conversation.listen();
    return link;
  }

  /** Ends a connection whose place another took; whether all that was asked on it was answered, and it ended in order. */
  async #handOver(link: Link): Promise<boolean> {
    const { conversation } = link;
    const { connection } = conversation;
    link.superseded = true;
    retire(connection, this.#options.clock);
    await conversation.drained();
    connection.close(closeCode.policy, 'a newer connection took its place');
    const { code } = await connection.closed;
    return code !== brokenOff && !conversation.broken;
  }

  /** An agent that connects and stays silent, or stops half-way, is cut off. */
  #greet(conversation: Conversation, connected: Promise<void>): Promise<AgentContact> {
    const { peer, closed } = conversation.connection;
    return this.#bounded(peer, async (patience) => {
      const gone = closed.then(({ reason }) => Promise.reject(new Unreachable(reason || 'the connection closed')));
      await until(Promise.race([connected, gone]), patience);
      return greet(conversation, this.#options, patience);
    });
  }

  async #bounded<T>(agentId: string, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const patience = new AbortController();
    const late = () => patience.abort(new Unreachable(`${agentId} did not say in time what it speaks`));
    const cancel: Cancel = this.#options.clock.after(this.#options.greetingMs ?? 30_000, late);
    try {
      return await act(patience.signal);
    } finally {
      cancel();
    }
  }

  #wentOffline(agentId: string, link: Link, reason: string): void {
    if (!link.online) return;
    link.online = false;
    this.#options.listener.offline(agentId, reason);
  }

  #notified(agentId: string, msgId: string, notify: Notify, link: Link): void {
    const seen = this.#seen.get(agentId) ?? new SeenIds();
    this.#seen.set(agentId, seen);
    if (!seen.first(msgId)) return;
    const notification = notificationIn(notify);
    if (!notification) return;
    const { listener } = this.#options;
    const isBoot = notification.kind === 'event' && notification.object === 'Device.' && notification.event === 'Boot!';
    // A boot is told after `online`, also where the agent reports it before it was greeted.
    if (isBoot) {
      link.booted.resolve(false);
      void link.told.promise.then(() => listener.booted(agentId, notification.parameters));
    } else listener.notified(agentId, notification);
  }
}

/** What `promise` comes to, or the signal's reason when that is first. */
function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abandon = () => reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abandon));
  });
}
