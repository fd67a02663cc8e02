import type { Clock } from '@sluice/model';
import { readDateTime } from '@sluice/wire/usp';
import { Alarm } from './alarm.ts';
import type { ModelEvent } from './data-model.ts';
import { agentTable } from './local-agent-types.ts';
import type { MemoryModel } from './memory-model.ts';
import type { Outbox } from './outbox.ts';
import type { Subscriptions } from './subscriptions.ts';

/** A subscription that outlives the agent (Subscription.{i}.Persistent). */
export interface StoredSubscription {
  /** Endpoint id of the controller. */
  readonly controller: string;
  /** Instance number; it stays the same (R-ARC.8). */
  readonly instance: number;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Keeps persistent subscriptions; given by the program. */
export interface SubscriptionStore {
  load(): readonly StoredSubscription[];
  /** Replaces all. Called after every change; the write may finish later. */
  save(subscriptions: readonly StoredSubscription[]): void;
}

/** A store that forgets. */
export const forgetfulStore: SubscriptionStore = { load: () => [], save: () => {} };

/** Follows the Subscription table: puts its rows in force, ends them in time, and has the persistent ones kept. */
export class SubscriptionRows {
  readonly #local: MemoryModel;
  readonly #subscriptions: Subscriptions;
  readonly #outboxes: ReadonlyMap<string, Outbox>;
  readonly #clock: Clock;
  readonly #store: SubscriptionStore;
  readonly #ends = new Map<string, Alarm>();
  /** Rows and whose they are. */
  readonly #owners = new Map<string, string>();

  constructor(
    local: MemoryModel,
    subscriptions: Subscriptions,
    outboxes: ReadonlyMap<string, Outbox>,
    clock: Clock,
    store: SubscriptionStore,
  ) {
    this.#local = local;
    this.#subscriptions = subscriptions;
    this.#outboxes = outboxes;
    this.#clock = clock;
    this.#store = store;
  }

  /** Puts back what was kept, of controllers that there still are. */
  load(): void {
    for (const { controller, instance, parameters } of this.#store.load()) {
      if (!this.#outboxes.has(controller)) continue;
      const row = `${agentTable.subscription}${instance}.`;
      this.#local.put(row, parameters, controller);
      this.#inForce(row, controller);
    }
  }

  /** Takes in an event of the agent's own model. */
  follow(event: ModelEvent): void {
    const row = event.object;
    if (event.kind === 'event' || !row.startsWith(agentTable.subscription)) return;
    if (event.kind === 'deleted') this.#ended(row);
    else {
      // Every row of this table is its controller's own.
      const owner = event.visibleTo ?? this.#owners.get(row);
      if (owner !== undefined) this.#inForce(row, owner);
    }
    this.#save();
  }

  close(): void {
    for (const end of this.#ends.values()) end.set(undefined);
  }

  #inForce(row: string, owner: string): void {
    const values = this.#local.read(row, { endpointId: owner });
    if (!values) return;
    this.#owners.set(row, owner);
    this.#subscriptions.put(row, owner, values);
    let end = this.#ends.get(row);
    if (!end) {
      end = new Alarm(this.#clock, () => this.#local.drop(row));
      this.#ends.set(row, end);
    }
    const lifeMs = Number(values.get('TimeToLive') ?? 0) * 1000;
    const begun = readDateTime(values.get('CreationDate') ?? '') ?? this.#clock.now();
    end.set(lifeMs > 0 ? begun + lifeMs : undefined);
  }

  #ended(row: string): void {
    this.#ends.get(row)?.set(undefined);
    this.#ends.delete(row);
    this.#subscriptions.remove(row);
    this.#outboxes.get(this.#owners.get(row) ?? '')?.forget(row);
    this.#owners.delete(row);
  }

  #save(): void {
    const kept: StoredSubscription[] = [];
    for (const [row, controller] of this.#owners) {
      const values = this.#local.read(row, { endpointId: controller });
      if (values?.get('Persistent') !== 'true') continue;
      const instance = Number(row.slice(agentTable.subscription.length, -1));
      kept.push({ controller, instance, parameters: Object.fromEntries(values) });
    }
    this.#store.save(kept);
  }
}
