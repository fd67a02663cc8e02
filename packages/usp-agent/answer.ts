import { errorCode, type ParamPathErrorInit, type UspResponse } from '@sluice/wire/usp';
import type { Caller } from './data-model.ts';
import type { SchemaNode } from './schema.ts';
import type { Rights } from './trust.ts';

/** A "no" in USP's terms: an error code of TR-369 and a sentence. */
export interface Refused {
  readonly code: number;
  readonly message: string;
}

/** The whole message was not done. */
export interface ErrorAnswer {
  readonly case: 'error';
  readonly code: number;
  readonly message: string;
  readonly paramErrs: readonly ParamPathErrorInit[];
}

/** What becomes of a request: its response, or an Error. */
export type Answer = UspResponse | ErrorAnswer;

/** One message being answered. */
export interface Turn {
  /** "Device." */
  readonly root: SchemaNode;
  readonly caller: Caller;
  /** What the caller may do. */
  readonly rights: Rights;
  /** Objects that may still be read for this message; hostile expressions must not stop the agent. */
  readonly budget: { left: number };
}

/** Thrown where a message would cost too much, and answered with 7005. */
export class TooCostly extends Error {
  override readonly name = 'TooCostly';
}

/** Takes from the budget of a turn. Throws {@link TooCostly} when it is used up. */
export function spend(turn: Turn, objects = 1): void {
  turn.budget.left -= objects;
  if (turn.budget.left < 0) throw new TooCostly('the message touches too many objects');
}

/** The refusal of what the caller's roles do not permit (TR-369 7006). */
export function denied(what: string): Refused {
  return { code: errorCode.permissionDenied, message: `${what} is not permitted to this controller` };
}

/** An Error answer. */
export function errorAnswer(refused: Refused, paramErrs: readonly ParamPathErrorInit[] = []): ErrorAnswer {
  return { case: 'error', code: refused.code, message: refused.message, paramErrs };
}
