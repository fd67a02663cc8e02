import { Unreachable } from '@sluice/driver';
import type { UspConnection } from '@sluice/mtp';
import {
  answerIn,
  type Body,
  decodeMsg,
  disconnectRecord,
  encodeMsg,
  encodeRecord,
  errorCode,
  errorMsg,
  type Msg,
  messageRecord,
  type Notify,
  requestMsg,
  responseMsg,
  type UspAnswer,
  type UspRecord,
  type UspRequest,
} from '@sluice/wire/usp';
import { AnswerLost } from './answer-lost.ts';

/** Told what an agent sends on its own account. */
export interface ConversationListener {
  /** The agent's first record: it is ready (R-MTP.6). */
  connected(): void;
  notified(msgId: string, notify: Notify): void;
  /** A record or message that cannot be used, or a Disconnect with its reason code. */
  troubled(code: number, reason: string): void;
}

interface Waiting {
  resolve(answer: UspAnswer): void;
  reject(reason: Error): void;
}

/** Requests and answers over one connection, correlated by msg_id alone; several may be under way. */
export class Conversation {
  readonly connection: UspConnection;
  readonly #nextId: () => string;
  readonly #listener: ConversationListener;
  readonly #waiting = new Map<string, Waiting>();
  #over = false;
  #idle: (() => void) | undefined;
  #broken = false;

  constructor(connection: UspConnection, nextId: () => string, listener: ConversationListener) {
    this.connection = connection;
    this.#nextId = nextId;
    this.#listener = listener;
    void connection.closed.then(({ code, reason }) => this.#end(`the connection closed (${code} ${reason})`));
  }

  /** Begins to listen; what came before this is told at once. To be called once. */
  listen(): void {
    this.connection.receive((record) => this.#take(record));
  }

  /**
   * One exchange. Throws the signal's reason or `Unreachable` when nothing was sent, {@link AnswerLost} when the
   * request was sent and the connection or the signal ended first.
   */
  request(request: UspRequest, signal: AbortSignal): Promise<UspAnswer> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const msgId = this.#nextId();
    const bytes = this.#recordOf(requestMsg(msgId, request));
    return new Promise((resolve, reject) => {
      const abandon = () => {
        this.#waiting.delete(msgId);
        this.#tellIdle();
        reject(new AnswerLost(`${this.connection.peer} did not answer in time`, { cause: signal.reason }));
      };
      const settle = () => signal.removeEventListener('abort', abandon);
      if (this.#over || !this.connection.send(bytes)) {
        reject(new Unreachable(`${this.connection.peer} takes no message now`));
        return;
      }
      signal.addEventListener('abort', abandon, { once: true });
      this.#waiting.set(msgId, {
        resolve(answer) {
          settle();
          resolve(answer);
        },
        reject(reason) {
          settle();
          reject(reason);
        },
      });
    });
  }

  /** Whether it ended with answers outstanding. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Resolves when nothing that was asked waits for its answer any more. To be called when nothing more is asked. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#tellIdle();
    });
  }

  #tellIdle(): void {
    if (this.#waiting.size === 0) this.#idle?.();
  }

  #recordOf(msg: Msg): Uint8Array {
    return encodeRecord(messageRecord(this.connection.local, this.connection.peer, encodeMsg(msg)));
  }

  #take(record: UspRecord): void {
    if (this.#over) return;
    const { recordType } = record;
    switch (recordType.case) {
      case 'noSessionContext':
        this.#takeMessage(recordType.value.payload);
        return;
      case 'websocketConnect':
      case 'udsConnect':
        this.#listener.connected();
        return;
      case 'disconnect':
        this.#listener.troubled(recordType.value.reasonCode, recordType.value.reason);
        this.#leave(recordType.value.reason || 'the agent left');
        return;
      default: {
        const reason = `records of type ${recordType.case ?? 'none'} are not spoken here`;
        this.#listener.troubled(errorCode.sessionContextNotAllowed, reason);
        const { local, peer } = this.connection;
        this.connection.send(encodeRecord(disconnectRecord(local, peer, errorCode.sessionContextNotAllowed, reason)));
        this.#leave(reason);
      }
    }
  }

  #takeMessage(payload: Uint8Array): void {
    const decoded = decodeMsg(payload);
    if (!decoded.ok) {
      const { failure } = decoded;
      this.#listener.troubled(errorCode.recordNotParsable, `${failure.reason} at byte ${failure.offset}`);
      if (failure.answerTo !== undefined)
        this.connection.send(this.#recordOf(errorMsg(failure.answerTo, errorCode.invalidArguments, failure.message)));
      return;
    }
    const msgId = decoded.value.header?.msgId ?? '';
    const body = decoded.value.body?.msgBody;
    if (body?.case === 'request') this.#takeRequest(msgId, body);
    else this.#takeAnswer(msgId, decoded.value);
  }

  #takeRequest(msgId: string, body: Body['msgBody'] & { case: 'request' }): void {
    const { reqType } = body.value;
    if (reqType.case !== 'notify') {
      this.connection.send(
        this.#recordOf(errorMsg(msgId, errorCode.messageNotSupported, 'a controller takes Notify alone')),
      );
      return;
    }
    this.#listener.notified(msgId, reqType.value);
    if (reqType.value.sendResp) {
      const { subscriptionId } = reqType.value;
      this.connection.send(this.#recordOf(responseMsg(msgId, { case: 'notifyResp', value: { subscriptionId } })));
    }
  }

  /** An answer that nobody waits for is ignored (R-MSG.9). */
  #takeAnswer(msgId: string, msg: Msg): void {
    const waiting = this.#waiting.get(msgId);
    const answer = answerIn(msg);
    if (!waiting || !answer) return;
    this.#waiting.delete(msgId);
    waiting.resolve(answer);
    this.#tellIdle();
  }

  #leave(reason: string): void {
    this.connection.close();
    this.#end(reason);
  }

  #end(reason: string): void {
    this.#over = true;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    if (lost.length > 0) this.#broken = true;
    for (const waiting of lost) waiting.reject(new AnswerLost(`${this.connection.peer}: ${reason}`));
    this.#tellIdle();
  }
}
