import { type Refusal, refuse } from '@sluice/model';
import { type CwmpFault, faultCode } from '@sluice/wire/cwmp';
import { wordsOf } from './asking.ts';

/** What a fault is about, as far as it tells. */
export type Culprit = 'source' | 'lease' | 'port' | 'rule' | 'untold' | 'other';

/** Which part of a row a device did not take. `rules`: the path of the table of rules, where there is one. */
export function culpritOf({ code, parameters }: CwmpFault, rules?: string): Culprit {
  if (rules !== undefined && parameters.some(({ name }) => name.startsWith(rules))) return 'rule';
  const names = parameters.map(({ name }) => name.split('.').at(-1) ?? '');
  if (names.some((name) => name === 'RemoteHost' || name === 'SourcePrefixes')) return 'source';
  if (names.some((name) => /LeaseDuration$/.test(name))) return 'lease';
  if (names.some((name) => /^ExternalPort/.test(name))) return 'port';
  const untold: readonly number[] = [faultCode.invalidArguments, faultCode.invalidParameterValue];
  return names.length === 0 && untold.includes(code) ? 'untold' : 'other';
}

/** The opening that a fault is about, by the path of its row. */
export function subjectOf(
  { parameters }: CwmpFault,
  rows: readonly { path: string; id: string }[],
): string | undefined {
  const first = parameters[0]?.name;
  if (new Set(rows.map(({ id }) => id)).size === 1) return rows[0]?.id;
  return first === undefined ? undefined : rows.find(({ path }) => first.startsWith(path))?.id;
}

/** A device's fault in our words. */
export function refusalOfFault(fault: CwmpFault, subject?: string): Refusal {
  const words = wordsOf(fault);
  switch (fault.code) {
    case faultCode.resourcesExceeded:
      return refuse(
        'quota-exceeded',
        `the gateway has no room for another port mapping (CWMP fault ${words})`,
        subject,
      );
    case faultCode.methodNotSupported:
    case faultCode.notWritable:
      return refuse('trait-missing', `the gateway's port mappings cannot be changed (CWMP fault ${words})`, subject);
    default:
      return refuse('gateway-refused', `the gateway refused (CWMP fault ${words})`, subject);
  }
}
