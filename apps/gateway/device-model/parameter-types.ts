import type { ParameterType, ValueType } from '@sluice/usp-agent';

/** A parameter that controllers only read. */
export function readOnly(name: string, type: ValueType = 'string', more: Partial<ParameterType> = {}): ParameterType {
  return { name, type, access: 'readOnly', ...more };
}

/** One that changes by itself, and says so. */
export function telling(name: string, type: ValueType = 'string', more: Partial<ParameterType> = {}): ParameterType {
  return readOnly(name, type, { notifiesChange: true, ...more });
}

/** Counts of rows: "...NumberOfEntries". */
export function counts(...names: readonly string[]): ParameterType[] {
  return names.map((name) => telling(`${name}NumberOfEntries`, 'unsignedInt'));
}
