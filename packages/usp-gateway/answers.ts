import { type Opening, type Refusal, refuse } from '@sluice/model';
import { refusalOfError, type UspAnswer, type UspRefusal } from '@sluice/wire/usp';
import type { HeldRow } from './held-row.ts';

/** The row that an Add made for one opening. */
export interface CreatedRow {
  readonly openingId: string;
  readonly path: string;
  /** What the gateway said of it: its keys (TR-369 AddResp unique_keys). */
  readonly keys: Readonly<Record<string, string>>;
}

/** What an Add made, by the ids of its openings; undefined where the answer does not cover every one of them. */
export function createdRows(answer: UspAnswer, openings: readonly Opening[]): CreatedRow[] | undefined {
  if (answer.kind !== 'response' || answer.response.case !== 'addResp') return undefined;
  const results = answer.response.value.createdObjResults;
  const rows: CreatedRow[] = [];
  for (const [index, opening] of openings.entries()) {
    const status = results[index]?.operStatus?.operStatus;
    if (status?.case !== 'operSuccess' || status.value.paramErrs.length > 0) return undefined;
    const { instantiatedPath, uniqueKeys } = status.value;
    if (uniqueKeys.Alias !== opening.id) return undefined;
    rows.push({ openingId: opening.id, path: instantiatedPath, keys: uniqueKeys });
  }
  return rows;
}

/** The openings that a Set did not reach: their rows are gone. Undefined where the answer is no answer to a Set. */
export function missedBySet<O extends Opening>(answer: UspAnswer, openings: readonly O[]): O[] | undefined {
  if (answer.kind !== 'response' || answer.response.case !== 'setResp') return undefined;
  const results = answer.response.value.updatedObjResults;
  return openings.filter((_, index) => {
    const status = results[index]?.operStatus?.operStatus;
    if (status?.case !== 'operSuccess') return true;
    const { updatedInstResults } = status.value;
    return updatedInstResults.length === 0 || updatedInstResults.some(({ paramErrs }) => paramErrs.length > 0);
  });
}

/** Whether a Delete left no row of what it named. */
export function deletedAll(answer: UspAnswer): boolean {
  if (answer.kind !== 'response' || answer.response.case !== 'deleteResp') return false;
  return answer.response.value.deletedObjResults.every(({ operStatus }) => {
    const status = operStatus?.operStatus;
    return status?.case === 'operSuccess' && status.value.unaffectedPathErrs.length === 0;
  });
}

/** Every object that a Get found, with its parameters; undefined where the answer is no answer to a Get. */
export function rowsIn(answer: UspAnswer): HeldRow[] | undefined {
  if (answer.kind !== 'response' || answer.response.case !== 'getResp') return undefined;
  return answer.response.value.reqPathResults.flatMap(({ resolvedPathResults }) =>
    resolvedPathResults.map(({ resolvedPath, resultParams }) => ({ path: resolvedPath, values: resultParams })),
  );
}

/**
 * A USP Error in our words. Agents put the telling code outside or with the parameter (obuspa: 7004 outside), so both
 * are looked at. The opening it is about is the one whose id its paths or words name.
 */
export function refusalIn(error: UspRefusal, openings: readonly Opening[]): Refusal {
  const reasons = [{ path: '', code: error.code, message: error.message }, ...error.parameters];
  const telling = reasons.findLast(({ code }) => refusalOfError(code) !== undefined) ?? reasons.at(-1);
  const words = telling?.message || error.message || `USP error ${error.code}`;
  const named = (text: string) =>
    openings.find(({ id }) => text.includes(`"${id}"`) || text.split(/[\s:,]/).includes(id));
  const subject = (
    openings.length === 1
      ? openings[0]
      : reasons.map(({ path, message }) => named(path) ?? named(message)).find((opening) => opening !== undefined)
  )?.id;
  const code = telling && refusalOfError(telling.code);
  if (code) return refuse(code, words, subject);
  return refuse('gateway-refused', `the gateway refused (USP error ${telling?.code ?? error.code}): ${words}`, subject);
}
