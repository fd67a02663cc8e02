import { canonical, errorCode, listItems, parsePath } from '@sluice/wire/usp';
import type { Refused, Turn } from './answer.ts';
import type { ParameterType } from './data-model.ts';
import { resolve } from './resolve.ts';

/** The value in canonical form, or why it may not be (7011 not of the type, 7012 not permitted). */
export type CheckedValue =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly refused: Refused };

/** Checks what a controller wants to write against the parameter's type. */
export function checkValue(parameter: ParameterType, text: string, turn: Turn): CheckedValue {
  if (!parameter.list) return checkItem(parameter, text, turn);
  const items: string[] = [];
  for (const item of listItems(text)) {
    const checked = checkItem(parameter, item, turn);
    if (!checked.ok) return checked;
    items.push(checked.value);
  }
  return { ok: true, value: items.join(',') };
}

function checkItem(parameter: ParameterType, text: string, turn: Turn): CheckedValue {
  const value = canonical(parameter.type, text);
  if (value === undefined) return refuse(errorCode.invalidType, `${parameter.name} is ${parameter.type}`);
  if (parameter.values && !parameter.values.includes(value)) {
    return refuse(errorCode.invalidValue, `${parameter.name} is one of ${parameter.values.join(', ')}`);
  }
  if (parameter.pattern && !parameter.pattern.test(value)) {
    return refuse(errorCode.invalidValue, `${parameter.name} does not match ${parameter.pattern}`);
  }
  if (parameter.range) {
    const [least, most] = parameter.range;
    const measured = measure(parameter, value);
    if (measured < least || measured > most) {
      return refuse(errorCode.invalidValue, `${parameter.name} is within ${least}..${most}`);
    }
  }
  return parameter.reference ? checkReference(parameter, value, turn) : { ok: true, value };
}

/** A number itself, or the length of a text. */
function measure(parameter: ParameterType, value: string): number {
  switch (parameter.type) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
    case 'decimal':
      return Number(value);
    default:
      return value.length;
  }
}

/** References may be written by key and are kept with instance numbers and no last dot (R-ARC.11, R-ARC.12). */
function checkReference(parameter: ParameterType, text: string, turn: Turn): CheckedValue {
  if (text === '') return { ok: true, value: '' };
  const parsed = parsePath(text.endsWith('.') ? text : `${text}.`);
  if (!parsed.ok) return refuse(errorCode.invalidValue, `${parameter.name} is no path: ${parsed.failure.message}`);
  const resolved = resolve(parsed.value, turn);
  const only = resolved.ok && resolved.found.length === 1 ? resolved.found[0] : undefined;
  if (only) return { ok: true, value: only.path.slice(0, -1) };
  if (parameter.reference === 'strong') return refuse(errorCode.invalidValue, `${parameter.name} names no object`);
  return { ok: true, value: text.endsWith('.') ? text.slice(0, -1) : text };
}

function refuse(code: number, message: string): CheckedValue {
  return { ok: false, refused: { code, message } };
}
