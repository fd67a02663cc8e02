import { type GrantedOpening, type Instant, type Opening, plainTransportOf } from '@sluice/model';

/**
 * What was last done with an opening. `asked`: no answer came, it may be there. `granted`: the gateway said so.
 * `closing`: a deletion is not answered, it may be there. `closed`: the gateway said that it is gone.
 */
export type BookState = 'asked' | 'granted' | 'closing' | 'closed';

/** An opening as it was last known. */
export interface BookEntry {
  readonly opening: Opening | GrantedOpening;
  readonly state: BookState;
  /** Nothing is left of it after that, whatever became of it. */
  readonly over: Instant;
  /** The gateway may have lost it since. */
  readonly doubted?: true;
}

/** A gateway may round a short lease up to two minutes (RFC 6887 15), and the last word on it may be lost. */
const graceMs = 120_000;

/** What is remembered of the openings of one gateway, which cannot be asked for a list. Forgets what has ended. */
export class OpeningBook {
  readonly #entries = new Map<string, BookEntry>();

  /** The gateway is about to be asked for it. */
  asked(opening: Opening, now: Instant): void {
    this.#write(opening, 'asked', now);
  }

  granted(opening: GrantedOpening, now: Instant): void {
    this.#write(opening, 'granted', now);
  }

  /** The gateway is about to be asked to close it. */
  closing(opening: Opening, now: Instant): void {
    this.#write(opening, 'closing', now);
  }

  closed(opening: Opening, now: Instant): void {
    this.#write(opening, 'closed', now);
  }

  /** What is known of an opening; undefined where nothing is, or it has ended. */
  of(id: string, now: Instant): BookEntry | undefined {
    const entry = this.#entries.get(id);
    return entry && now < entry.over ? entry : undefined;
  }

  /** Openings that are there, or may be. */
  present(now: Instant): readonly BookEntry[] {
    return [...this.#entries.values()].filter(({ state, over }) => state !== 'closed' && now < over);
  }

  /** Another opening to the same port of the same device: a gateway has one mapping for both (RFC 6887 11.1). */
  rivalOf({ id, streamType, local }: Opening, now: Instant): BookEntry | undefined {
    const transport = plainTransportOf(streamType);
    return this.present(now).find(
      ({ opening }) =>
        opening.id !== id &&
        plainTransportOf(opening.streamType) === transport &&
        opening.local.port === local.port &&
        opening.local.address === local.address,
    );
  }

  /** Puts back what was known before a question that did not change anything; undefined: nothing was. */
  restore(id: string, before: BookEntry | undefined): void {
    if (before) this.#entries.set(id, before);
    else this.#entries.delete(id);
  }

  /** The gateway lost its mappings: what it granted is doubted until it is granted anew. */
  doubtAll(): void {
    for (const [id, entry] of this.#entries)
      if (entry.state === 'granted') this.#entries.set(id, { ...entry, doubted: true });
  }

  #write(opening: Opening | GrantedOpening, state: BookState, now: Instant): void {
    for (const [id, { over }] of this.#entries) if (over <= now) this.#entries.delete(id);
    const before = this.#entries.get(opening.id)?.over ?? now;
    this.#entries.set(opening.id, { opening, state, over: Math.max(before, opening.until + graceMs, now + graceMs) });
  }
}
