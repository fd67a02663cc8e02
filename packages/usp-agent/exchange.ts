import type { EventLog, UspConnection } from '@sluice/mtp';
import {
  decodeMsg,
  disconnectRecord,
  encodeMsg,
  encodeRecord,
  errorCode,
  errorMsg,
  type Msg,
  messageRecord,
  PayloadSecurity,
  type Request,
  responseMsg,
  type UspRecord,
} from '@sluice/wire/usp';
import { answerAdd } from './add.ts';
import { type Answer, errorAnswer, TooCostly, type Turn } from './answer.ts';
import { answerDelete } from './delete.ts';
import { answerGet } from './get.ts';
import { answerGetInstances } from './get-instances.ts';
import { answerGetSupportedDm } from './get-supported-dm.ts';
import { allSucceeded, answerOperate, type StartCommand } from './operate.ts';
import { answerSet } from './set.ts';

/** Versions of USP that this agent speaks, newest last. */
export const protocolVersions = '1.0,1.1,1.2,1.3,1.4';

/** What answering needs. */
export interface ExchangeOptions {
  readonly log: EventLog;
  readonly turn: (connection: UspConnection) => Turn;
  readonly start: StartCommand;
  /** Longest answer; what would be longer is an Error 7005. */
  readonly maxAnswerBytes: number;
  /** The controller has confirmed a notification. */
  readonly onDelivered: (controller: string, msgId: string) => void;
}

/** Takes one record of a controller and sends what it calls for. */
export function exchange(record: UspRecord, connection: UspConnection, options: ExchangeOptions): void {
  const { recordType } = record;
  const { log } = options;
  const reply = (bytes: Uint8Array): void => {
    if (!connection.send(bytes)) log.warn({ controller: connection.peer }, 'answer lost: the connection takes no more');
  };
  switch (recordType.case) {
    case 'noSessionContext':
      if (record.payloadSecurity !== PayloadSecurity.PLAINTEXT) {
        reply(disconnect(connection, errorCode.badRecordValue, 'payload security without a session'));
      } else {
        answerMessage(recordType.value.payload, connection, options, (msg) =>
          reply(encodeRecord(messageRecord(connection.local, connection.peer, msg))),
        );
      }
      break;
    case 'sessionContext':
      reply(disconnect(connection, errorCode.sessionContextNotAllowed, 'no session context here'));
      break;
    case 'disconnect': {
      const { reason, reasonCode } = recordType.value;
      log.info({ controller: connection.peer, reason, reasonCode }, 'controller disconnects');
      break;
    }
    default:
    // Connect records of a controller call for nothing.
  }
}

function disconnect({ local, peer }: UspConnection, code: number, reason: string): Uint8Array {
  return encodeRecord(disconnectRecord(local, peer, code, reason));
}

function answerMessage(
  payload: Uint8Array,
  connection: UspConnection,
  options: ExchangeOptions,
  reply: (msg: Uint8Array) => void,
): void {
  const { log } = options;
  const decoded = decodeMsg(payload);
  if (!decoded.ok) {
    const { reason, message, offset, answerTo } = decoded.failure;
    log.warn({ controller: connection.peer, reason, message, offset }, 'message not taken');
    // R-MTP.5: only a request whose id can be read is answered.
    if (answerTo !== undefined)
      reply(encodeMsg(errorMsg(answerTo, errorCode.invalidArguments, `${reason}: ${message}`)));
    return;
  }
  const msgId = decoded.value.header?.msgId ?? '';
  const body = decoded.value.body?.msgBody;
  if (body?.case === 'request') {
    const answer = answerSafely(body.value, options.turn(connection), options);
    if (answer) reply(encodeAnswer(msgId, answer, options.maxAnswerBytes));
  } else if (body?.case === 'response' && body.value.respType.case === 'notifyResp') {
    options.onDelivered(connection.peer, msgId);
  } else {
    // An answer to nothing we asked (R-MSG.9), or an Error about a notification, which is then repeated.
    log.info({ controller: connection.peer, msgId }, 'answer ignored');
  }
}

function encodeAnswer(msgId: string, answer: Answer, maxBytes: number): Uint8Array {
  const msg: Msg =
    answer.case === 'error'
      ? errorMsg(msgId, answer.code, answer.message, answer.paramErrs)
      : responseMsg(msgId, answer);
  const bytes = encodeMsg(msg);
  if (bytes.length <= maxBytes) return bytes;
  return encodeMsg(errorMsg(msgId, errorCode.resourcesExceeded, `the answer would have ${bytes.length} bytes`));
}

/** A model that throws, or a message that costs too much, must not end the agent. */
function answerSafely(request: Request, turn: Turn, options: ExchangeOptions): Answer | undefined {
  try {
    return answerRequest(request, turn, options.start);
  } catch (error) {
    if (error instanceof TooCostly) return errorAnswer({ code: errorCode.resourcesExceeded, message: error.message });
    options.log.warn({ error: error instanceof Error ? error.stack : String(error) }, 'internal error');
    return errorAnswer({ code: errorCode.internalError, message: 'internal error' });
  }
}

function answerRequest({ reqType }: Request, turn: Turn, start: StartCommand): Answer | undefined {
  switch (reqType.case) {
    case 'get':
      return answerGet(reqType.value, turn);
    case 'getInstances':
      return answerGetInstances(reqType.value, turn);
    case 'getSupportedDm':
      return answerGetSupportedDm(reqType.value, turn);
    case 'getSupportedProtocol':
      return {
        case: 'getSupportedProtocolResp',
        value: { agentSupportedProtocolVersions: protocolVersions },
      };
    case 'set':
      return answerSet(reqType.value, turn);
    case 'add':
      return answerAdd(reqType.value, turn);
    case 'delete':
      return answerDelete(reqType.value, turn);
    case 'operate': {
      const answer = answerOperate(reqType.value, turn, start);
      return reqType.value.sendResp || !allSucceeded(answer) ? answer : undefined;
    }
    default:
      // Notify, Register and Deregister go from agents to controllers.
      return errorAnswer({ code: errorCode.messageNotSupported, message: `${reqType.case} is not for an agent` });
  }
}
