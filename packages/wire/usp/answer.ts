import type { Msg, Response } from './generated/usp-msg_pb.ts';

/** What an agent said to a request: its response, or a USP Error. */
export type UspAnswer = { readonly kind: 'response'; readonly response: Response['respType'] } | UspRefusal;

/** A USP Error message: nothing of the request was done (TR-369 "Error Codes"). */
export interface UspRefusal {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
  /** The precise reasons, where the agent names parameters; agents differ in which of both codes is the telling one. */
  readonly parameters: readonly { readonly path: string; readonly code: number; readonly message: string }[];
}

/** Reads the answer out of a message; undefined where the message is none. */
export function answerIn(msg: Msg): UspAnswer | undefined {
  const body = msg.body?.msgBody;
  if (body?.case === 'response') return { kind: 'response', response: body.value.respType };
  if (body?.case !== 'error') return undefined;
  const { errCode, errMsg, paramErrs } = body.value;
  const parameters = paramErrs.map((error) => ({
    path: error.paramPath,
    code: error.errCode,
    message: error.errMsg,
  }));
  return { kind: 'error', code: errCode, message: errMsg, parameters };
}
