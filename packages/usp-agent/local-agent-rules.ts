import { errorCode, parsePath } from '@sluice/wire/usp';
import type { Caller, ChangeFailure, ModelChange } from './data-model.ts';
import { agentTable } from './local-agent-types.ts';
import type { MemoryModel } from './memory-model.ts';

/** Why a ReferenceList cannot be subscribed to; undefined where it can. */
export type JudgeReferences = (notifType: string, referenceList: string) => string | undefined;

/** Rows that one controller may have in each table of the agent. */
export const mostRows = 64;

/** What a controller may not do to the agent's own tables, beyond what their types say. */
export function localAgentRules(
  change: ModelChange,
  row: ReadonlyMap<string, string> | undefined,
  caller: Caller,
  local: MemoryModel,
  judgeReferences: JudgeReferences,
): Omit<ChangeFailure, 'index'> | undefined {
  if (change.kind === 'delete') return undefined;
  if (change.kind === 'add' && local.instances(change.table, caller).length >= mostRows) {
    return { code: errorCode.resourcesExceeded, message: `at most ${mostRows} rows of ${change.table}` };
  }
  const value = (name: string) => change.parameters.get(name) ?? row?.get(name) ?? '';
  const place = change.kind === 'add' ? change.table : change.object;
  if (place.startsWith(agentTable.subscription)) {
    const wrong = judgeReferences(value('NotifType') || 'Event', value('ReferenceList'));
    if (wrong !== undefined) return { code: errorCode.invalidValue, message: wrong, parameter: 'ReferenceList' };
  }
  const name = place.includes('.BootParameter.') ? change.parameters.get('ParameterName') : undefined;
  if (name !== undefined && !parsePath(name).ok) {
    return { code: errorCode.invalidValue, message: 'ParameterName is no path', parameter: 'ParameterName' };
  }
  return undefined;
}
