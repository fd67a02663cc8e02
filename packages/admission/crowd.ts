/** One of a crowd. */
export interface Member {
  /** Whom it counts for. */
  readonly group: string;
  /** Of two that could make room, the one with the lower number goes; of equals, the one that came first. */
  readonly worth: number;
}

/** Those who share a place with limited room: so many of one group, so many altogether. */
export class Crowd<M extends Member> {
  readonly #ofOne: number;
  readonly #altogether: number;
  readonly #all = new Set<M>();
  readonly #groups = new Map<string, Set<M>>();

  constructor(limits: { readonly ofOne: number; readonly altogether: number }) {
    this.#ofOne = limits.ofOne;
    this.#altogether = limits.altogether;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Takes one in, as the last to have come. Returns the one that makes room for it, if one has to; it is out already. */
  add(member: M): M | undefined {
    this.delete(member);
    const group = this.#groups.get(member.group) ?? new Set();
    const leaving =
      group.size >= this.#ofOne
        ? leastWorth(group)
        : this.#all.size >= this.#altogether
          ? leastWorth(this.#all)
          : undefined;
    if (leaving) this.delete(leaving);
    this.#all.add(member);
    this.#groups.set(member.group, group.add(member));
    return leaving;
  }

  delete(member: M): void {
    if (!this.#all.delete(member)) return;
    const group = this.#groups.get(member.group);
    group?.delete(member);
    if (group?.size === 0) this.#groups.delete(member.group);
  }
}

function leastWorth<M extends Member>(members: Iterable<M>): M | undefined {
  let least: M | undefined;
  for (const member of members) {
    if (member.worth === 0) return member;
    if (!least || member.worth < least.worth) least = member;
  }
  return least;
}
