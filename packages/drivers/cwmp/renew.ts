import { type GrantedOpening, type Outcome, refuse } from '@sluice/model';
import { DeviceFault } from './asking.ts';
import type { Lease } from './plan.ts';
import { refusalOfFault, subjectOf } from './refusals.ts';
import { ruleEnd, ruleEndValues } from './rules.ts';
import { isInEffect, isOf, isWider, openingOf, type SeenRow } from './seen.ts';
import { leaseValues } from './values.ts';
import type { Work } from './work.ts';

/** Gives rows a new lease, all or none; refused where one is gone. A device that keeps no leases is looked at only. */
export async function renewRows(work: Work, leases: readonly Lease<GrantedOpening>[]): Promise<Outcome> {
  const place = await work.place();
  for (const { opening } of leases) work.known.asked.set(opening.id, opening);
  // A device that keeps no leases is looked at as a whole: its renewals are its only looks.
  const keepsLeases = leases.every(({ opening }) => !opening.lacks?.includes('lease'));
  const again = keepsLeases ? await work.lookAgain(leases.map(({ opening }) => opening.id)) : undefined;
  const rows = again ?? (await work.rows()).rows;
  const held = new Map<string, SeenRow>();
  for (const { opening } of leases) {
    const row = rows.find(({ id }) => id === opening.id);
    if (!row || !isInEffect(row) || !isOf(row, opening) || isWider(row, place, opening)) {
      const message = `the gateway no longer holds ${opening.id}`;
      return { kind: 'refused', refusal: refuse('gateway-refused', message, opening.id) };
    }
    held.set(opening.id, row);
  }
  const leased = leases.filter(({ opening }) => (held.get(opening.id)?.leaseSeconds ?? 0) > 0);
  const values = leased.flatMap(({ opening, seconds }) => {
    const row = held.get(opening.id);
    if (!row) return [];
    const end = ruleEnd(work.clock.now(), seconds, work.device.contact);
    const ofRule = row.rule && work.known.model?.rules.parameters?.has('ExpiryDate');
    // The rule before what it narrows: it is never the shorter one.
    return [
      ...(row.rule && ofRule ? ruleEndValues(row.rule.path, end) : []),
      ...leaseValues(row.path, row.table, seconds),
    ];
  });
  if (values.length > 0) {
    try {
      await work.set(values);
    } catch (error) {
      if (!(error instanceof DeviceFault)) throw error;
      const paths = [...held].map(([id, { path }]) => ({ id, path }));
      return { kind: 'refused', refusal: refusalOfFault(error.fault, subjectOf(error.fault, paths)) };
    }
  }
  const after = values.length > 0 ? await work.look([...held.values()]) : rows;
  const now = work.clock.now();
  const granted: GrantedOpening[] = [];
  for (const { opening } of leases) {
    const row = after.find(({ path }) => path === held.get(opening.id)?.path);
    const got = row && isInEffect(row) ? openingOf(row, place, opening, now) : undefined;
    if (!got || (row && isWider(row, place, opening))) {
      const message = `the gateway let ${opening.id} go while its lease was renewed`;
      return { kind: 'refused', refusal: refuse('gateway-refused', message, opening.id) };
    }
    granted.push(got);
  }
  return { kind: 'applied', granted, seen: true };
}
