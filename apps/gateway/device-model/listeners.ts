import type { ModelEvent } from '@sluice/usp-agent';

/** Who wants to hear of events in a part of the data model. */
export class Listeners {
  readonly #listeners = new Set<(event: ModelEvent) => void>();

  observe(listener: (event: ModelEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: ModelEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
