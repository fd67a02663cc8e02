import { addRequest, getRequest, type UspAnswer } from '@sluice/wire/usp';
import type { UspController } from './controller.ts';

/** What to be told of (Device.LocalAgent.Subscription.{i}., TR-369 "Notifications and Subscriptions"). */
export interface WantedSubscription {
  /** Chosen by us, unique among our subscriptions at one agent. */
  readonly id: string;
  readonly notifType: 'ValueChange' | 'ObjectCreation' | 'ObjectDeletion' | 'OperationComplete' | 'Event';
  /** Paths: a comma-separated list where several. */
  readonly referenceList: string;
}

const table = 'Device.LocalAgent.Subscription.';

/**
 * Adds the subscriptions that the agent does not have yet. An agent may lose them with its process: after `booted`
 * they are to be ensured again. Answers the agent's Error where it refuses one; throws as `request` does.
 */
export async function ensureSubscriptions(
  controller: UspController,
  agentId: string,
  wanted: readonly WantedSubscription[],
  signal: AbortSignal,
): Promise<UspAnswer | undefined> {
  const present = idsIn(await controller.request(agentId, getRequest([table]), signal));
  const missing = wanted.filter(({ id }) => !present.has(id));
  if (missing.length === 0) return undefined;
  const rows = missing.map(({ id, notifType, referenceList }) => ({
    table,
    values: {
      Enable: 'true',
      ID: id,
      NotifType: notifType,
      ReferenceList: referenceList,
      NotifRetry: 'true',
      // Boot! is told to those who subscribed before it.
      Persistent: 'true',
    },
  }));
  const answer = await controller.request(agentId, addRequest(rows), signal);
  return answer.kind === 'error' ? answer : undefined;
}

function idsIn(answer: UspAnswer): Set<string> {
  const ids = new Set<string>();
  if (answer.kind !== 'response' || answer.response.case !== 'getResp') return ids;
  for (const path of answer.response.value.reqPathResults)
    for (const row of path.resolvedPathResults) {
      const id = row.resultParams.ID;
      if (id !== undefined) ids.add(id);
    }
  return ids;
}
