import { type Refusal, refuse } from '@sluice/model';
import { DeviceFault } from './asking.ts';
import { addingKey } from './doubts.ts';
import { refusalOfFault } from './refusals.ts';
import type { SeenTables } from './tables.ts';
import type { Work } from './work.ts';

/**
 * Adds a row to a table; resolves to its path. Refused where the device says no, or gives the number of a row that is
 * there (`seen`): that one is somebody else's. Throws what `ask` throws; then the row is looked for at the next work.
 */
export async function addRow(
  work: Work,
  table: { readonly path: string },
  { rows, rules }: SeenTables,
): Promise<string | Refusal> {
  const { doubts } = work.known;
  const foreign = [...rows, ...rules];
  doubts.add(foreign.map(({ path }) => path));
  const parameterKey = addingKey(foreign.filter(({ isBlank }) => isBlank).length);
  try {
    const answer = await work.add(table.path, parameterKey);
    const path = `${table.path}${answer.instanceNumber}.`;
    if (foreign.some((row) => row.path === path)) {
      doubts.notAdded();
      return refuse('gateway-refused', `the gateway added a row and named one that was there: ${path}`);
    }
    doubts.added(path);
    if (answer.status === 0) return path;
    await work.remove(path);
    return refuse('gateway-refused', 'the gateway adds a row only when it starts anew');
  } catch (error) {
    if (!(error instanceof DeviceFault)) throw error;
    doubts.notAdded();
    return refusalOfFault(error.fault);
  }
}
