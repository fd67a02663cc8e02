import { type Refusal, refuse } from '@sluice/model';
import { DeviceFault } from './asking.ts';
import { addingKey } from './doubts.ts';
import type { OpeningTable } from './place.ts';
import { refusalOfFault } from './refusals.ts';
import type { SeenRow } from './seen.ts';
import type { Work } from './work.ts';

/**
 * Adds a row; resolves to its path. Refused where the device says no, or gives the number of a row that is there
 * (`rows`): that one is somebody else's. Throws what `ask` throws; then the row is looked for at the next work.
 */
export async function addRow(work: Work, table: OpeningTable, rows: readonly SeenRow[]): Promise<string | Refusal> {
  const { doubts } = work.known;
  const foreign = rows.filter(({ path }) => path.startsWith(table.path));
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
    return refuse('gateway-refused', 'the gateway adds a port mapping only when it starts anew');
  } catch (error) {
    if (!(error instanceof DeviceFault)) throw error;
    doubts.notAdded();
    return refusalOfFault(error.fault);
  }
}
