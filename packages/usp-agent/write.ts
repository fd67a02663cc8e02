import { errorCode, type ParamPathErrorInit } from '@sluice/wire/usp';
import type { Refused, Turn } from './answer.ts';
import { commit } from './commit.ts';
import type { ChangeFailure, DataModel, ModelChange } from './data-model.ts';
import type { SchemaNode } from './schema.ts';
import { dropRefused, failsOn, type ParamRefused, type Settings } from './settings.ts';

/** One object that an Add or Set wants to make or change. */
export interface Write {
  /** Names the object in errors: its instance path, or for a row to be made its table and the key it asks for. */
  readonly label: string;
  readonly node: SchemaNode;
  readonly model: DataModel;
  readonly settings: Settings;
  /** The change with what is left of the settings. */
  readonly change: () => ModelChange;
}

/** Why one object was not written. */
export interface WriteRefused extends Refused {
  readonly write: Write;
  readonly params: readonly ParamRefused[];
}

/** `objects[i]` is the row that write i made or changed. */
export type Written =
  | { readonly ok: true; readonly objects: readonly string[] }
  | { readonly ok: false; readonly refused: readonly WriteRefused[] };

/**
 * Writes all of the objects or none. A parameter that the model refuses and that is not required is left out, noted
 * in its settings, and the rest tried again.
 */
export function writeAll(writes: readonly Write[], turn: Turn): Written {
  const failing = writes.filter(({ settings }) => failsOn(settings));
  if (failing.length > 0) return { ok: false, refused: failing.map(requiredFailed) };
  for (;;) {
    const result = commit(
      writes.map(({ model, change }) => ({ model, change: change() })),
      turn.caller,
    );
    if (result.ok) return result;
    if (!result.failures.every((failure) => drop(writes[failure.index], failure)) || result.failures.length === 0) {
      return { ok: false, refused: result.failures.flatMap((failure) => modelRefused(writes[failure.index], failure)) };
    }
  }
}

/** The errors of an Error message: one for each parameter, or for the object where no parameter is to blame. */
export function paramErrors(refused: readonly WriteRefused[]): ParamPathErrorInit[] {
  return refused.flatMap(({ write, params, code, message }) =>
    params.length === 0
      ? [{ paramPath: write.label, errCode: code, errMsg: message }]
      : params.map((param) => ({
          paramPath: `${write.label}${param.param}`,
          errCode: param.code,
          errMsg: param.message,
        })),
  );
}

/** A parameter error as responses carry it. */
export function paramError({ param, code, message }: ParamRefused) {
  return { param, errCode: code, errMsg: message };
}

function requiredFailed(write: Write): WriteRefused {
  const { refused, required } = write.settings;
  const params = refused.filter(({ param }) => required.has(param));
  const message = params.map((param) => param.message).join('; ');
  return { write, code: errorCode.requiredParameterFailed, message, params };
}

function drop(write: Write | undefined, { parameter, code, message }: ChangeFailure): boolean {
  return (
    write !== undefined && parameter !== undefined && dropRefused(write.settings, { param: parameter, code, message })
  );
}

function modelRefused(write: Write | undefined, { parameter, code, message }: ChangeFailure): WriteRefused[] {
  if (!write) return [];
  return [{ write, code, message, params: parameter === undefined ? [] : [{ param: parameter, code, message }] }];
}
