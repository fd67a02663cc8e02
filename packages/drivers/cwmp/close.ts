import { type GrantedOpening, type Outcome, refuse } from '@sluice/model';
import type { Work } from './work.ts';

/** Deletes the rows of openings, whatever else is in them, and looks whether they are gone. What is not there is closed. */
export async function closeRows(work: Work, openings: readonly GrantedOpening[]): Promise<Outcome> {
  const ids = new Set(openings.map(({ id }) => id));
  const isMeant = ({ id }: { readonly id?: string }) => id !== undefined && ids.has(id);
  const there = (await work.rows()).rows.filter(isMeant);
  // Rules go with the look that follows: after the mappings that they narrow.
  await work.undo(there.map(({ path }) => path));
  const after = there.length === 0 ? { rows: [], rules: [] } : await work.rows();
  const left = [...after.rows, ...after.rules].filter(isMeant);
  const [first] = left;
  if (first) {
    const message = `the gateway did not let ${left.map(({ id }) => id).join(', ')} go`;
    return { kind: 'refused', refusal: refuse('gateway-refused', message, first.id) };
  }
  for (const id of ids) work.known.asked.delete(id);
  return { kind: 'applied', granted: [] };
}
