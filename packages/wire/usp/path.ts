/**
 * Which items of a list of references to follow: `Interface+` the only one (1), `Interfaces#2+` the second,
 * `Interfaces#*+` all.
 */
export type ReferenceItem = number | 'all';

/** How two values are compared; `~=` is "the list contains". */
export type Operator = '==' | '!=' | '<' | '>' | '<=' | '>=' | '~=';

/** One term of a search expression: a path below the row, an operator, a literal. */
export interface Comparison {
  /** "Alias", or "Interface+.Name", or "Stats.BytesSent": names, each perhaps a reference to follow. */
  readonly operand: readonly { readonly name: string; readonly follow?: ReferenceItem }[];
  readonly operator: Operator;
  /** With %22 and %25 already taken back. */
  readonly value: string;
  readonly quoted: boolean;
}

/** One step down the data model. */
export type PathStep =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'instance'; readonly number: number }
  /** `*` */
  | { readonly kind: 'all' }
  /** `{i}`, in paths of the supported data model. */
  | { readonly kind: 'template' }
  /** `[A=="x"&&B==1]`: every term must hold. */
  | { readonly kind: 'search'; readonly terms: readonly Comparison[] }
  /** `Interface+`: on to the object that a parameter of this row refers to. */
  | { readonly kind: 'follow'; readonly name: string; readonly item: ReferenceItem };

/** A path of TR-369 "Path Names", taken apart. */
export interface Path {
  readonly text: string;
  /** Down to the object. */
  readonly steps: readonly PathStep[];
  readonly kind: 'object' | 'parameter' | 'command' | 'event';
  /** Of the parameter, command with "()" or event with "!"; empty for objects. */
  readonly name: string;
}

/** Why a text is no path: `offset` counts UTF-16 units from its start. Answered with USP error 7008. */
export interface PathFailure {
  readonly message: string;
  readonly offset: number;
}

/** Bounds that keep hostile paths cheap. */
export const pathLimits = { length: 4096, steps: 32, terms: 16, operandNames: 8 } as const;

/** A literal in a search expression: quotes and percent signs escaped (TR-369 "Searching with Expressions"). */
export function quote(value: string): string {
  return `"${value.replaceAll('%', '%25').replaceAll('"', '%22')}"`;
}

/** Addresses one row by the values of its key: `keyed('Device.NAT.PortMapping.', { Alias: 'a' })`. Values are strings. */
export function keyed(table: string, key: Readonly<Record<string, string>>): string {
  const terms = Object.entries(key).map(([name, value]) => `${name}==${quote(value)}`);
  return `${table}[${terms.join('&&')}].`;
}

/** The path in the supported data model: every instance, `*` and expression as `{i}`. Undefined where it follows references. */
export function supportedPath(steps: readonly PathStep[]): string | undefined {
  let text = '';
  for (const step of steps) {
    if (step.kind === 'follow') return undefined;
    text += step.kind === 'name' ? `${step.name}.` : '{i}.';
  }
  return text;
}
