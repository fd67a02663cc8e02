import { familyOf, type Instant, type Opening, plainTransportOf } from '@sluice/model';
import type { ParameterValue } from '@sluice/wire/cwmp';
import {
  dateTime,
  type NarrowingRule,
  narrowingIn,
  narrowingNeeds,
  narrowingTypes,
  narrowingValues,
  never,
} from '@sluice/wire/tr181';
import { descriptionOf, idIn } from './mark.ts';
import type { Place } from './place.ts';
import type { DeviceContact } from './port.ts';
import type { Row } from './tree.ts';

/** A rule of a chain as it matters to openings. */
export interface SeenRule {
  readonly path: string;
  /** Of the opening that it narrows, where it is one of ours. */
  readonly id?: string;
  /** Nothing was put into it yet. */
  readonly isBlank: boolean;
  /** What it drops; undefined where it is not in effect, or does anything else. */
  readonly narrows?: NarrowingRule;
}

/** Parameters of a rule that matter: without the description nobody would know whose it is. */
export const ruleNames: ReadonlySet<string> = new Set([
  ...Object.keys(narrowingTypes),
  'Status',
  'Description',
  'ExpiryDate',
]);

/** What a rule's table has to know for a rule to be one of ours that narrows something. */
export const neededRuleNames: readonly string[] = [...narrowingNeeds, 'Description'];

/** Reads a rule. */
export function seenRule({ path, values }: Row): SeenRule {
  const description = values.get('Description') ?? '';
  const id = idIn(description);
  const narrows = narrowingIn(values);
  const isEmpty = (name: string) => (values.get(name) ?? '') === '';
  return {
    path,
    ...(id !== undefined && { id }),
    isBlank:
      description === '' &&
      isEmpty('SourceIP') &&
      isEmpty('DestIP') &&
      !/^(?:1|true)$/i.test(values.get('Enable') ?? ''),
    ...(narrows && { narrows }),
  };
}

/** The rule that an opening needs beside its mapping, which cannot name the port of its remote end; undefined for none. */
export function ruleFor({ remote, local, streamType }: Opening, { rules }: Place): NarrowingRule | undefined {
  if (!rules || remote.port === undefined || local.address === undefined || familyOf(remote.address) === 6)
    return undefined;
  const transport = plainTransportOf(streamType);
  return { transport, source: remote.address, sourcePort: remote.port, device: local.address, devicePort: local.port };
}

/** Everything that a rule is given: it is enabled last. */
export function ruleValues(
  path: string,
  opening: Opening,
  rule: NarrowingRule,
  { known, end }: { readonly known: ReadonlySet<string>; readonly end: string },
): readonly ParameterValue[] {
  const { Enable, ...values } = narrowingValues(rule, (name) => known.has(name));
  const value = (name: string, text: string, type: string) => ({ name: `${path}${name}`, value: text, type });
  const types: Readonly<Record<string, string>> = narrowingTypes;
  return [
    value('Description', descriptionOf(opening.id), 'string'),
    ...Object.entries(values).map(([name, text]) => {
      const type = types[name] ?? 'string';
      return value(name, type === 'boolean' ? '1' : text, type);
    }),
    ...(known.has('ExpiryDate') ? ruleEndValues(path, end) : []),
    ...(Enable === undefined ? [] : [value('Enable', '1', 'boolean')]),
  ];
}

/** What gives a rule another end. */
export function ruleEndValues(path: string, end: string): readonly ParameterValue[] {
  return [{ name: `${path}ExpiryDate`, value: end, type: 'dateTime' }];
}

/** Seconds that a rule outlives its mapping: the other way round it would be wider for a moment. */
const slackSeconds = 60;
/** How far a device's clock may be from ours for its rules to be given an end, in milliseconds. */
const clockToleranceMs = 30_000;

/**
 * When a rule ends beside a mapping with such a lease. A device whose clock is not ours could end it before the mapping,
 * and one that keeps no lease keeps its mapping: such a rule stays until it is deleted.
 */
export function ruleEnd(now: Instant, seconds: number | undefined, { clockAheadMs }: DeviceContact): string {
  const agrees = clockAheadMs !== undefined && Math.abs(clockAheadMs) <= clockToleranceMs;
  return agrees && seconds !== undefined ? dateTime(now + (seconds + slackSeconds) * 1_000) : never;
}
