/** One line of what happens in a show, as the page gets it. */
export interface NewsItem {
  readonly event: string;
  readonly data: object;
}

/** What happened in a show and happens on: whoever comes late gets all of it that still matters. */
export class News {
  readonly #items: NewsItem[] = [];
  readonly #readers = new Set<(item: NewsItem) => void>();

  /** `lasting` items are told to late readers too. */
  tell(event: string, data: object, lasting = true): void {
    const item = { event, data };
    if (lasting) this.#items.push(item);
    for (const read of this.#readers) read(item);
  }

  /** Tells what was, then what comes, until the returned function is called. */
  read(read: (item: NewsItem) => void): () => void {
    for (const item of this.#items) read(item);
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  get readers(): number {
    return this.#readers.size;
  }
}
