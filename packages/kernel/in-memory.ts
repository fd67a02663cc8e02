import { type Clock, type Endpoint, formatEndpoint, type Instant, transportOf } from '@sluice/model';
import { canHold, isLease, sameEndpoint, sameOpening } from './check.ts';
import type {
  Change,
  CommitFailure,
  DataPlane,
  Flow,
  HeldOpening,
  Interfaces,
  KernelOpening,
  RulesCheck,
} from './data-plane.ts';
import { errno } from './netlink/errno.ts';

/** A flow as sent, and its near end as seen outside. */
export interface KnownFlow {
  readonly flow: Omit<Flow, 'outside'>;
  readonly observed: Endpoint;
}

/** The twin's controls: what packets and devices would have done. */
export interface InMemoryDataPlane extends DataPlane {
  load(interfaces?: Interfaces): 'loaded' | 'adopted';
  /** Flows that `flow` finds: as sent, and as seen outside. */
  readonly flows: KnownFlow[];
  /** Counts packets on an opening that is held. */
  pass(opening: KernelOpening, packets: number, bytes: number): void;
  /** Commits fail with this errno at their first entry from now on; 0 ends it. */
  failWith(errno: number): void;
}

interface Entry {
  readonly opening: KernelOpening;
  readonly until: Instant;
  readonly packets: number;
  readonly bytes: number;
}

/** A data plane without packets: same keys, same failures, leases by `clock`. Faithful to openDataPlane's. */
export function inMemoryDataPlane(
  clock: Pick<Clock, 'now'>,
  { translates = true }: { readonly translates?: boolean } = {},
): InMemoryDataPlane {
  return new Twin(clock, translates);
}

class Twin implements InMemoryDataPlane {
  readonly flows: KnownFlow[] = [];
  readonly #clock: Pick<Clock, 'now'>;
  readonly #translates: boolean;
  #entries = new Map<string, Entry>();
  #loaded = false;
  #errno = 0;

  constructor(clock: Pick<Clock, 'now'>, translates: boolean) {
    this.#clock = clock;
    this.#translates = translates;
  }

  load(): 'loaded' | 'adopted' {
    const had = this.#loaded;
    this.#loaded = true;
    return had ? 'adopted' : 'loaded';
  }

  check(): RulesCheck {
    const standing = { mode: 'owner' } as const;
    return { standing, found: standing, putBack: 'nothing' };
  }

  watch(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  commit(change: Change): CommitFailure | undefined {
    const next = this.#live();
    const fail = (list: CommitFailure['at']['list'], index: number, reason: CommitFailure['reason'], code: number) =>
      ({ reason, errno: code, at: { list, index } }) as const;
    for (const list of ['add', 'renew'] as const) {
      const index = change[list].findIndex(
        ({ opening, leaseMs }) => !canHold(opening, this.#translates) || !isLease(leaseMs),
      );
      if (index >= 0) return fail(list, index, 'refused', errno.invalid);
    }
    const first = (['add', 'renew', 'remove'] as const).find((list) => change[list].length > 0);
    if (first === undefined) return undefined;
    if (!this.#loaded) return fail(first, 0, 'refused', errno.missing);
    if (this.#errno !== 0) return fail(first, 0, this.#errno === errno.noMemory ? 'resources' : 'refused', this.#errno);
    const renewable = change.renew.findIndex(({ opening }) => !sameHeld(opening, next.get(keyOf(opening))));
    if (renewable >= 0) return fail('renew', renewable, 'missing', errno.missing);
    for (const opening of change.remove)
      if (next.get(keyOf(opening))?.opening.tag === opening.tag) next.delete(keyOf(opening));
    for (const [index, { opening, leaseMs }] of change.renew.entries()) {
      const entry = next.get(keyOf(opening));
      if (!entry) return fail('renew', index, 'missing', errno.missing);
      next.set(keyOf(opening), { ...entry, until: this.#clock.now() + leaseMs });
    }
    const departures = new Set(Array.from(next.values(), ({ opening }) => departureOf(opening)));
    for (const [index, { opening, leaseMs }] of change.add.entries()) {
      if (next.has(keyOf(opening)) || departures.has(departureOf(opening)))
        return fail('add', index, 'exists', errno.exists);
      next.set(keyOf(opening), { opening, until: this.#clock.now() + leaseMs, packets: 0, bytes: 0 });
      departures.add(departureOf(opening));
    }
    this.#entries = next;
    return undefined;
  }

  read(): HeldOpening[] {
    return Array.from(this.#live().values(), (entry) => this.#held(entry));
  }

  look(openings: readonly KernelOpening[]): (HeldOpening | undefined)[] {
    const live = this.#live();
    return openings.map((opening) => {
      const entry = live.get(keyOf(opening));
      return entry?.opening.tag === opening.tag ? this.#held(entry) : undefined;
    });
  }

  flow(transport: 'tcp' | 'udp', near: Endpoint, far: Endpoint, side = 'outside'): Flow | undefined {
    const found = this.flows.find(
      (known) =>
        known.flow.transport === transport &&
        sameEndpoint(side === 'inside' ? known.flow.original.from : known.observed, near) &&
        sameEndpoint(known.flow.original.to, far),
    );
    return found && { ...found.flow, outside: found.observed };
  }

  pass(opening: KernelOpening, packets: number, bytes: number): void {
    const entry = this.#live().get(keyOf(opening));
    if (entry?.opening.tag !== opening.tag) return;
    const counted = { ...entry, packets: entry.packets + packets, bytes: entry.bytes + bytes };
    this.#entries.set(keyOf(opening), counted);
  }

  failWith(code: number): void {
    this.#errno = code;
  }

  [Symbol.dispose](): void {}

  #live(): Map<string, Entry> {
    return new Map([...this.#entries].filter(([, entry]) => entry.until > this.#clock.now()));
  }

  #held({ opening, until, packets, bytes }: Entry): HeldOpening {
    return { ...opening, remainingMs: until - this.#clock.now(), packets, bytes };
  }
}

function sameHeld(opening: KernelOpening, entry: Entry | undefined): boolean {
  return entry !== undefined && entry.opening.tag === opening.tag && sameOpening(entry.opening, opening);
}

/** As the kernel's arrival key: remote and global endpoint under one transport. */
function keyOf({ streamType, remote, global }: KernelOpening): string {
  return `${transportOf(streamType)} ${remote.address ?? '*'} ${remote.port ?? '*'} ${formatEndpoint(global)}`;
}

/** As the kernel's departure key: a local endpoint leaves for one remote endpoint from one global port only. */
function departureOf({ streamType, remote, local }: KernelOpening): string {
  return `${transportOf(streamType)} ${formatEndpoint(local)} ${remote.address ?? '*'} ${remote.port ?? '*'}`;
}
