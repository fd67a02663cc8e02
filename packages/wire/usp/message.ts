import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Decoded, failed, type WireFailure } from './failure.ts';
import {
  type AddSuccessSchema,
  type Msg,
  MsgSchema,
  MsgType,
  type ParamPathErrorSchema,
  type RequestSchema,
  type ResponseSchema,
} from './generated/usp-msg_pb.ts';
import { scan, shapeOf } from './scan.ts';
import { readWireField, wireType } from './wire-field.ts';

/** Longest msg_id that is taken, in UTF-16 units. */
export const maxMsgIdLength = 256;

const messageShape = shapeOf(MsgSchema);

/** One request, as a choice: `{ case: 'get', value: { paramPaths: [...] } }`. */
export type UspRequest = Chosen<NonNullable<MessageInitShape<typeof RequestSchema>['reqType']>>;

/** One response, as a choice: `{ case: 'getResp', value: {...} }`. */
export type UspResponse = Chosen<NonNullable<MessageInitShape<typeof ResponseSchema>['respType']>>;

/** One parameter error of an Error message. */
export type ParamPathErrorInit = MessageInitShape<typeof ParamPathErrorSchema>;

/** What an Add response tells of a row that was made. */
export type AddSuccessInit = MessageInitShape<typeof AddSuccessSchema>;

type Chosen<T> = Exclude<T, { case: undefined }>;

const requestTypes: Readonly<Record<UspRequest['case'], MsgType>> = {
  get: MsgType.GET,
  getSupportedDm: MsgType.GET_SUPPORTED_DM,
  getInstances: MsgType.GET_INSTANCES,
  set: MsgType.SET,
  add: MsgType.ADD,
  delete: MsgType.DELETE,
  operate: MsgType.OPERATE,
  notify: MsgType.NOTIFY,
  getSupportedProtocol: MsgType.GET_SUPPORTED_PROTO,
  register: MsgType.REGISTER,
  deregister: MsgType.DEREGISTER,
};

const responseTypes: Readonly<Record<UspResponse['case'], MsgType>> = {
  getResp: MsgType.GET_RESP,
  getSupportedDmResp: MsgType.GET_SUPPORTED_DM_RESP,
  getInstancesResp: MsgType.GET_INSTANCES_RESP,
  setResp: MsgType.SET_RESP,
  addResp: MsgType.ADD_RESP,
  deleteResp: MsgType.DELETE_RESP,
  operateResp: MsgType.OPERATE_RESP,
  notifyResp: MsgType.NOTIFY_RESP,
  getSupportedProtocolResp: MsgType.GET_SUPPORTED_PROTO_RESP,
  registerResp: MsgType.REGISTER_RESP,
  deregisterResp: MsgType.DEREGISTER_RESP,
};

/** A request message. */
export function requestMsg(msgId: string, reqType: UspRequest): Msg {
  return create(MsgSchema, {
    header: { msgId, msgType: requestTypes[reqType.case] },
    body: { msgBody: { case: 'request', value: { reqType } } },
  });
}

/** The response to the request with that id. */
export function responseMsg(msgId: string, respType: UspResponse): Msg {
  return create(MsgSchema, {
    header: { msgId, msgType: responseTypes[respType.case] },
    body: { msgBody: { case: 'response', value: { respType } } },
  });
}

/** An Error message: the request with that id was not done. */
export function errorMsg(
  msgId: string,
  errCode: number,
  errMsg: string,
  paramErrs: readonly ParamPathErrorInit[] = [],
): Msg {
  return create(MsgSchema, {
    header: { msgId, msgType: MsgType.ERROR },
    body: { msgBody: { case: 'error', value: { errCode, errMsg, paramErrs: [...paramErrs] } } },
  });
}

/** Bytes of a message. */
export function encodeMsg(msg: Msg): Uint8Array {
  return toBinary(MsgSchema, msg);
}

/** A message that cannot be taken. */
export interface MessageFailure extends WireFailure {
  /** Set where an Error message may answer: the id is readable and the body is a request (R-MTP.5). */
  readonly answerTo?: string;
}

/**
 * Reads a message. Refused: a missing msg_id, and a choice without exactly one member (R-ENC.5).
 * Where header and body disagree about the type, the body counts (R-MSG.10).
 */
export function decodeMsg(bytes: Uint8Array): Decoded<Msg, MessageFailure> {
  const wrong = scan(messageShape, bytes);
  if (wrong) {
    const answerTo = answerable(bytes);
    return { ok: false, failure: answerTo === undefined ? wrong : { ...wrong, answerTo } };
  }
  const value = fromBinary(MsgSchema, bytes);
  const msgId = value.header?.msgId ?? '';
  if (msgId === '' || msgId.length > maxMsgIdLength) {
    return failed('field-missing', `msg_id is empty or longer than ${maxMsgIdLength}`, 0);
  }
  if (!value.body) return failed('field-missing', 'no body', 0);
  return { ok: true, value };
}

/** U+FEFF at the start of an id is part of the id. */
const idDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The msg_id of what looks like a request, though the rest cannot be read. */
function answerable(bytes: Uint8Array): string | undefined {
  const header = child(bytes, 0, bytes.length, 1);
  const body = child(bytes, 0, bytes.length, 2);
  if (!header || !body || !child(bytes, body.start, body.end, 1)) return undefined;
  const id = child(bytes, header.start, header.end, 1);
  if (!id || id.start === id.end) return undefined;
  const text = idDecoder.decode(bytes.subarray(id.start, id.end));
  return text.length > maxMsgIdLength || text.includes('\ufffd') ? undefined : text;
}

/** First length-delimited field of that number in a range. */
function child(
  bytes: Uint8Array,
  start: number,
  end: number,
  number: number,
): { start: number; end: number } | undefined {
  for (let pos = start; pos < end; ) {
    const field = readWireField(bytes, pos, end);
    if ('reason' in field) return undefined;
    if (field.number === number && field.type === wireType.length) return field;
    pos = field.end;
  }
  return undefined;
}
