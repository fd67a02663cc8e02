/** Those who wait for a turn: groups take turns, whoever has how many waiting; in a group, first come, first served. */
export class FairLine<T extends { readonly group: string }> {
  readonly #groups = new Map<string, Set<T>>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  add(waiting: T): void {
    const group = this.#groups.get(waiting.group);
    if (group) group.add(waiting);
    else this.#groups.set(waiting.group, new Set([waiting]));
  }

  delete(waiting: T): void {
    const group = this.#groups.get(waiting.group);
    group?.delete(waiting);
    if (group?.size === 0) this.#groups.delete(waiting.group);
  }

  /** Takes out whose turn it is. */
  next(): T | undefined {
    for (const [name, group] of this.#groups) {
      this.#groups.delete(name);
      for (const first of group) {
        group.delete(first);
        if (group.size > 0) this.#groups.set(name, group);
        return first;
      }
    }
    return undefined;
  }
}
