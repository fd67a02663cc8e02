import { errorCode, type ParamSetting } from '@sluice/wire/usp';
import { denied, type Refused, type Turn } from './answer.ts';
import type { ParameterType } from './data-model.ts';
import { keyNames, parameterAt, type SchemaNode } from './schema.ts';
import { checkValue } from './value-check.ts';

/** A parameter that was not set, and why. */
export interface ParamRefused extends Refused {
  readonly param: string;
}

/** Parameters of one object as a message wants them, checked. */
export interface Settings {
  /** Values in canonical form, of those that passed. */
  readonly values: Map<string, string>;
  /** Those without which the object may not be made or changed. */
  readonly required: ReadonlySet<string>;
  /** Those that did not pass. */
  readonly refused: ParamRefused[];
}

/**
 * Checks the settings of one object. `current` is the row as it is, for Set; undefined for Add, where the parameters
 * of unique keys count as required whatever the message says, and what can be written once may be written.
 */
export function checkSettings(
  node: SchemaNode,
  settings: readonly ParamSetting[],
  current: ReadonlyMap<string, string> | undefined,
  turn: Turn,
): Settings {
  const keys = current ? new Set<string>() : keyNames(node.type);
  const values = new Map<string, string>();
  const required = new Set<string>();
  const refused: ParamRefused[] = [];
  for (const setting of settings) {
    const { param, value } = setting;
    const parameter = parameterAt(node, param);
    if (setting.required || keys.has(param) || parameter?.narrows) required.add(param);
    const checked = !parameter
      ? no(errorCode.unsupportedParameter, `${node.path} has no ${param}`)
      : !mayWrite(parameter, current)
        ? no(errorCode.parameterReadOnly, `${param} cannot be written`)
        : turn.rights.parameter(node, param, 'w')
          ? checkValue(parameter, value, turn)
          : { ok: false as const, refused: denied(`writing ${param}`) };
    if (!checked.ok) refused.push({ param, ...checked.refused });
    else if (values.has(param) && values.get(param) !== checked.value) {
      refused.push({ param, code: errorCode.valueConflict, message: `${param} is given twice` });
    } else values.set(param, checked.value);
  }
  for (const { param } of refused) values.delete(param);
  return { values, required, refused };
}

/** Whether a required parameter is among those that did not pass. */
export function failsOn({ refused, required }: Settings): boolean {
  return refused.some(({ param }) => required.has(param));
}

/**
 * Takes a parameter that a model refused out of the settings, where the object may do without it.
 * False where it may not: the object fails.
 */
export function dropRefused(settings: Settings, refused: ParamRefused): boolean {
  if (settings.required.has(refused.param)) return false;
  if (!settings.values.delete(refused.param)) return false;
  settings.refused.push(refused);
  return true;
}

/** TR-106 writeOnceReadOnly: with Add, or with Set while it is still empty. */
function mayWrite(parameter: ParameterType, current: ReadonlyMap<string, string> | undefined): boolean {
  if (parameter.access === 'readOnly') return false;
  return parameter.access === 'readWrite' || !current || (current.get(parameter.name) ?? '') === '';
}

function no(code: number, message: string): { readonly ok: false; readonly refused: Refused } {
  return { ok: false, refused: { code, message } };
}
