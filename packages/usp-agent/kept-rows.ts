import type { ModelEvent } from './data-model.ts';
import { agentTable } from './local-agent-types.ts';
import type { MemoryModel } from './memory-model.ts';

/** A row of the agent's own tables that outlives the agent: a persistent Subscription, or a BootParameter. */
export interface KeptRow {
  /** Endpoint id of the controller whose it is. */
  readonly controller: string;
  /** Table below the agent, "Subscription." or "BootParameter.". */
  readonly table: 'Subscription.' | 'BootParameter.';
  /** Instance number; it stays the same (R-ARC.8). */
  readonly instance: number;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Keeps rows while the agent is away; given by the program. */
export interface RowStore {
  load(): readonly KeptRow[];
  /** Replaces all. Called after every change; the write may finish later. */
  save(rows: readonly KeptRow[]): void;
}

/** A store that forgets. */
export const forgetfulStore: RowStore = { load: () => [], save: () => {} };

/** Puts kept rows back into the agent's model; those of controllers that are no more are left out (TP-469 1.78). */
export function putBack(store: RowStore, local: MemoryModel, rowOf: ReadonlyMap<string, string>): void {
  for (const { controller, table, instance, parameters } of store.load()) {
    const controllerRow = rowOf.get(controller);
    if (controllerRow === undefined) continue;
    const place = table === 'Subscription.' ? agentTable.subscription : `${controllerRow}${table}`;
    const moved = table === 'Subscription.' ? { Recipient: controllerRow.slice(0, -1) } : {};
    local.put(`${place}${instance}.`, { ...parameters, ...moved }, controller);
  }
}

/** Whether an event may change what is kept. */
export function concernsKept({ object, kind }: ModelEvent): boolean {
  return kind !== 'event' && (object.startsWith(agentTable.subscription) || object.includes('.BootParameter.'));
}

/** The rows to keep, as they are now. `rowOf`: the Controller row of each endpoint id. */
export function rowsToKeep(local: MemoryModel, rowOf: ReadonlyMap<string, string>): KeptRow[] {
  const kept: KeptRow[] = [];
  for (const [controller, controllerRow] of rowOf) {
    const caller = { endpointId: controller };
    for (const table of ['Subscription.', 'BootParameter.'] as const) {
      const place = table === 'Subscription.' ? agentTable.subscription : `${controllerRow}${table}`;
      for (const instance of local.instances(place, caller)) {
        const values = local.read(`${place}${instance}.`, caller);
        if (!values || (table === 'Subscription.' && values.get('Persistent') !== 'true')) continue;
        kept.push({ controller, table, instance, parameters: Object.fromEntries(values) });
      }
    }
  }
  return kept;
}
