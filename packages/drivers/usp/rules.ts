import { familyOf, type Instant, type Opening, plainTransportOf } from '@sluice/model';
import type { HeldRow, Lease } from '@sluice/usp-gateway';
import { dateTime, type NarrowingRule, narrowingIn, narrowingValues, never } from '@sluice/wire/tr181';
import { keyed } from '@sluice/wire/usp';
import { descriptionOf, readDescription } from './description.ts';
import type { Row, RowGround } from './row-ground.ts';

/** Seconds that a rule outlives its mapping: the other way round it would be wider for a moment. */
const slackSeconds = 60;

/** The rule that an opening has beside its port mapping, which cannot say the server's port; undefined for none. */
export function ruleFor(
  { remote, local, streamType }: Opening,
  { capabilities, chain }: Pick<RowGround, 'capabilities' | 'chain'>,
): NarrowingRule | undefined {
  if (!chain || capabilities.rule.size === 0 || remote.port === undefined || local.address === undefined)
    return undefined;
  if (familyOf(remote.address) === 6) return undefined;
  const transport = plainTransportOf(streamType);
  return { transport, source: remote.address, sourcePort: remote.port, device: local.address, devicePort: local.port };
}

/** The row of that rule. */
export function ruleRow({ opening, seconds }: Lease<Opening>, ground: RowGround, now: Instant): Row | undefined {
  const { capabilities, chain } = ground;
  const rule = ruleFor(opening, ground);
  if (!rule || !chain) return undefined;
  const knows = (name: string) => capabilities.rule.has(name);
  return {
    table: `${chain.path}Rule.`,
    values: {
      Alias: aliasOf(opening),
      ...(knows('Description') && { Description: descriptionOf(opening) }),
      ...narrowingValues(rule, knows),
      ...ruleEndValues(ground, now, seconds),
    },
  };
}

/**
 * What gives a rule its end. A gateway whose clock is not ours could end it before the mapping, and one that keeps no
 * lease keeps its mapping: such a rule stays until it is deleted.
 */
export function ruleEndValues(
  { capabilities, chain }: Pick<RowGround, 'capabilities' | 'chain'>,
  now: Instant,
  seconds: number,
): Readonly<Record<string, string>> {
  if (!capabilities.rule.has('ExpiryDate')) return {};
  const ends = chain?.clockAgrees === true && capabilities.mapping.has('LeaseDuration');
  return { ExpiryDate: ends ? dateTime(now + (seconds + slackSeconds) * 1_000) : never };
}

/** Finds the rule of an opening, whatever instance number it has now; undefined where it has none. */
export function rulePathOf(opening: Opening, ground: RowGround): string | undefined {
  return ruleFor(opening, ground) && keyed(`${ground.chain?.path}Rule.`, { Alias: aliasOf(opening) });
}

/** Whether, by what the gateway shows of its rules, one narrows an opening as it should. */
export function isNarrowed(opening: Opening, rules: readonly HeldRow[], ground: RowGround): boolean {
  const wanted = ruleFor(opening, ground);
  const row = rules.find(({ values }) => values.Alias === aliasOf(opening));
  const there = row && narrowingIn(new Map(Object.entries(row.values)));
  return (
    wanted !== undefined &&
    there?.transport === wanted.transport &&
    there.source === wanted.source &&
    there.sourcePort === wanted.sourcePort &&
    there.device === wanted.device &&
    there.devicePort === wanted.devicePort
  );
}

/** Rules of ours whose mapping is not there any more. `held`: ids of openings that are. */
export function idleRules(rules: readonly HeldRow[], held: ReadonlySet<string>): readonly string[] {
  return rules.flatMap(({ path, values }) => {
    const id = readDescription(values.Description ?? '')?.id;
    return id !== undefined && values.Alias === `${id}${suffix}` && !held.has(id) ? [path] : [];
  });
}

const suffix = '-n';

function aliasOf({ id }: Opening): string {
  return `${id}${suffix}`;
}
