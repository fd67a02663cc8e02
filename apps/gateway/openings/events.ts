import type { OpeningCounters } from '@sluice/model';
import type { ModelEvent } from '@sluice/usp-agent';
import type { Edit } from './edit.ts';
import { endedEvent, openingTypes, parametersOf } from './object-types.ts';
import type { Shown } from './parameter.ts';
import { objectOf, type Row } from './row.ts';

/** Why an opening ended: `lost` is one that the kernel no longer had. */
export type EndReason = 'closed' | 'lease-ended' | 'household' | 'lost';

/** What to tell of an edit that holds now. */
export function eventsOf({ before, after }: Edit, show: (row: Row) => Shown, passed: OpeningCounters): ModelEvent[] {
  if (!before) return after ? [created(show(after))] : [];
  if (!after) return ended(before, 'closed', passed);
  const [old, now] = [show(before), show(after)];
  const changed: ModelEvent[] = [];
  for (const [parameter, { type, write }] of parametersOf[after.table]) {
    if (!type.notifiesChange) continue;
    const value = write(now);
    if (value !== write(old))
      changed.push({ kind: 'changed', object: objectOf(after), parameter, value, visibleTo: after.owner });
  }
  return changed;
}

/** What to tell of a row that is gone: what had passed, then that it is deleted. */
export function ended(row: Row, reason: EndReason, passed: OpeningCounters): ModelEvent[] {
  const object = objectOf(row);
  const visibleTo = row.owner;
  const values = [row.wanted.alias, reason, `${passed.packets}`, `${passed.bytes}`];
  const args = new Map(endedEvent.args.map((name, index) => [name, values[index] ?? '']));
  return [
    { kind: 'event', object, name: endedEvent.name, args, visibleTo },
    { kind: 'deleted', object, visibleTo },
  ];
}

function created(shown: Shown): ModelEvent {
  const { row } = shown;
  const keys = openingTypes.find(({ path }) => path === `${row.table}{i}.`)?.uniqueKeys.flat() ?? [];
  const uniqueKeys = new Map(keys.map((name) => [name, parametersOf[row.table].get(name)?.write(shown) ?? '']));
  return { kind: 'created', object: objectOf(row), uniqueKeys, visibleTo: row.owner };
}
