import { silentLog, VirtualClock } from '@sluice/io';
import { connectionPair, type UspConnection } from '@sluice/mtp';
import {
  decodeMsg,
  type Error as ErrorMessage,
  encodeMsg,
  encodeRecord,
  type Msg,
  messageRecord,
  type Notify,
  type Response,
  requestMsg,
  responseMsg,
  type UspRecord,
  type UspRequest,
} from '@sluice/wire/usp';
import { type Agent, type AgentOptions, createAgent, type DataModel } from '../index.ts';

export const agentId = 'self::gateway-a';
export const controllerId = 'self::configuration-1';
export const otherId = 'self::configuration-2';

/** A controller for tests: asks, and collects what comes unasked. */
export class TestController {
  readonly connection: UspConnection;
  readonly records: UspRecord[] = [];
  readonly notifications: { readonly msgId: string; readonly notify: Notify }[] = [];
  /** Whether it confirms notifications that ask for it. */
  confirms = true;
  readonly #waiting = new Map<string, (msg: Msg) => void>();
  readonly #prefix: string;
  #sent = 0;

  constructor(connection: UspConnection) {
    this.connection = connection;
    this.#prefix = connection.local;
    connection.receive((record) => this.#take(record));
  }

  async ask(request: UspRequest): Promise<Msg> {
    const msgId = `${this.#prefix}-${++this.#sent}`;
    const answer = new Promise<Msg>((resolve) => this.#waiting.set(msgId, resolve));
    this.send(requestMsg(msgId, request));
    return answer;
  }

  send(msg: Msg): void {
    this.sendPayload(encodeMsg(msg));
  }

  sendPayload(payload: Uint8Array): void {
    this.connection.send(encodeRecord(messageRecord(this.connection.local, this.connection.peer, payload)));
  }

  /** Waits for an answer to a message that was sent with this id. */
  answerTo(msgId: string): Promise<Msg> {
    return new Promise((resolve) => this.#waiting.set(msgId, resolve));
  }

  #take(record: UspRecord): void {
    this.records.push(record);
    if (record.recordType.case !== 'noSessionContext') return;
    const decoded = decodeMsg(record.recordType.value.payload);
    if (!decoded.ok) throw new Error(`the agent sent an unreadable message: ${decoded.failure.message}`);
    const msg = decoded.value;
    const msgId = msg.header?.msgId ?? '';
    const body = msg.body?.msgBody;
    if (body?.case === 'request' && body.value.reqType.case === 'notify') {
      const notify = body.value.reqType.value;
      this.notifications.push({ msgId, notify });
      if (notify.sendResp && this.confirms) this.confirm(msgId, notify.subscriptionId);
      return;
    }
    this.#waiting.get(msgId)?.(msg);
    this.#waiting.delete(msgId);
  }

  confirm(msgId: string, subscriptionId: string): void {
    this.send(responseMsg(msgId, { case: 'notifyResp', value: { subscriptionId } }));
  }
}

/** Lets what is on its way arrive. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An agent with one controller attached over memory. */
export interface Rig {
  readonly agent: Agent;
  readonly clock: VirtualClock;
  readonly controller: TestController;
  /** Attaches one more, or one anew. */
  attach(endpointId: string): TestController;
}

export function rig(models: readonly DataModel[], over: Partial<AgentOptions> = {}): Rig {
  const clock = new VirtualClock();
  const agent = createAgent({
    endpointId: agentId,
    softwareVersion: '1.2.3',
    device: { oui: '012345', productClass: 'Gateway', serialNumber: 'a' },
    controllers: [{ endpointId: controllerId }, { endpointId: otherId }],
    models,
    clock,
    log: silentLog,
    random: () => 0,
    ...over,
  });
  const attach = (endpointId: string): TestController => {
    const [ours, theirs] = connectionPair(agentId, endpointId);
    agent.attach(ours);
    return new TestController(theirs);
  };
  return { agent, clock, controller: attach(controllerId), attach };
}

/** The response in an answer; throws where it is an Error. */
export function responseOf<C extends NonNullable<Response['respType']['case']>>(
  msg: Msg,
  wanted: C,
): Extract<Response['respType'], { case: C }>['value'] {
  const body = msg.body?.msgBody;
  if (body?.case === 'response' && body.value.respType.case === wanted) return body.value.respType.value as never;
  throw new Error(`not a ${wanted}: ${JSON.stringify(body?.value)}`);
}

/** The Error in an answer; throws where it is a response. */
export function errorOf(msg: Msg): ErrorMessage {
  const body = msg.body?.msgBody;
  if (body?.case === 'error') return body.value;
  throw new Error(`not an Error: ${JSON.stringify(body?.value)}`);
}
