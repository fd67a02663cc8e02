import type { Clock } from '@sluice/model';
import { readDateTime } from '@sluice/wire/usp';
import { Alarm } from './alarm.ts';
import type { ModelEvent } from './data-model.ts';
import { agentTable } from './local-agent-types.ts';
import type { MemoryModel } from './memory-model.ts';
import type { Outbox } from './outbox.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Follows the Subscription table: puts its rows in force and ends them in time. */
export class SubscriptionRows {
  readonly #local: MemoryModel;
  readonly #subscriptions: Subscriptions;
  readonly #outboxes: ReadonlyMap<string, Outbox>;
  readonly #clock: Clock;
  readonly #ends = new Map<string, Alarm>();
  /** Rows and whose they are. */
  readonly #owners = new Map<string, string>();

  constructor(local: MemoryModel, subscriptions: Subscriptions, outboxes: ReadonlyMap<string, Outbox>, clock: Clock) {
    this.#local = local;
    this.#subscriptions = subscriptions;
    this.#outboxes = outboxes;
    this.#clock = clock;
  }

  /** Takes in an event of the agent's own model. */
  follow(event: ModelEvent): void {
    const row = event.object;
    if (event.kind === 'event' || !row.startsWith(agentTable.subscription)) return;
    if (event.kind === 'deleted') this.#ended(row);
    else {
      // Every row of this table is its controller's own.
      const owner = event.visibleTo ?? this.#owners.get(row);
      if (owner !== undefined) this.inForce(row, owner);
    }
  }

  close(): void {
    for (const end of this.#ends.values()) end.set(undefined);
  }

  /** Takes in a row as it is now. */
  inForce(row: string, owner: string): void {
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
}
