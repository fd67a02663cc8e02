import type { DataPlane, Flow, HeldOpening, KernelOpening } from '@sluice/kernel';
import {
  type Clock,
  formatEndpoint,
  type Instant,
  type IpAddress,
  type OpeningCounters,
  prefixContains,
  type RequestFlow,
  type StartNotice,
} from '@sluice/model';
import type { ChangeResult, ModelChange, ModelEvent } from '@sluice/usp-agent';
import { errorCode, pinholeTable, portMappingTable } from '@sluice/wire/usp';
import { beginConsent, type ConsentGround } from '../consent/judge.ts';
import { UsedTokens } from '../consent/used-tokens.ts';
import type { Networks } from '../home/networks.ts';
import type { Policy } from '../policy/policy.ts';
import { judgeRemote, judgeTarget } from '../policy/verdicts.ts';
import type { PortsByTransport } from '../ports/assign.ts';
import { adoptHeld, stillPermitted } from './adopt.ts';
import { draftChanges } from './draft.ts';
import type { Edit } from './edit.ts';
import { type EndReason, ended, eventsOf } from './events.ts';
import type { Fault } from './fault.ts';
import { faultOfCommit, kernelChange } from './kernel-change.ts';
import { LeaseWatch } from './lease-watch.ts';
import type { Shown } from './parameter.ts';
import type { Surroundings } from './resolve.ts';
import { nothingPassed, objectOf, type Row } from './row.ts';
import { Rows } from './rows.ts';
import { type OpeningTable, transportWanted } from './wanted.ts';

/** What the openings of a gateway stand on. */
export interface OpeningsGround {
  readonly dataPlane: DataPlane;
  readonly clock: Clock;
  readonly policy: Policy;
  /** Whether IPv4 addresses are translated here; where not, IPv4 openings are pinholes too. */
  readonly translates: boolean;
  readonly ports: PortsByTransport;
  networks(): Networks;
  /** The hardware address under an address of the home, where it is known. */
  deviceOf(address: IpAddress): string | undefined;
  /** Keys that devices sign with. */
  readonly keys: ConsentGround['keys'];
  /** Tells a media server that all of this holds; left out, nobody is told. */
  startMedia?(start: StartNotice, opened: readonly KernelOpening[]): void;
  /** Told of everything that opens, changes or ends, also without a controller's doing. */
  tell(event: ModelEvent): void;
}

/**
 * The openings that this gateway holds. The kernel is the record: a row stands for an element there (but for disabled
 * ones), is made of it at start, and goes when it goes.
 */
export class Openings implements Disposable {
  readonly rows = new Rows();
  readonly #ground: OpeningsGround;
  readonly #leases: LeaseWatch;
  #lastInstance: Record<OpeningTable, number> = { [portMappingTable]: 0, [pinholeTable]: 0 };
  readonly #lastSeen = new WeakMap<KernelOpening, OpeningCounters>();
  readonly #used = new UsedTokens();
  readonly #since: Instant;
  #paused = false;

  constructor(ground: OpeningsGround) {
    this.#ground = ground;
    this.#since = ground.clock.now();
    this.#leases = new LeaseWatch(ground.clock, {
      isCurrent: (row) => this.rows.get(objectOf(row)) === row,
      lastLook: (rows) => void this.#seen(rows),
      end: (rows) => this.#leaseEnded(rows),
    });
  }

  /** While paused nothing opens. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Takes over what the kernel holds: every opening that a row of ours had made, except those that the policy does not
   * permit any more, which are closed. Tells how many of each, and how many are not ours.
   */
  adopt(): { readonly adopted: number; readonly closed: number; readonly unknown: number } {
    const { dataPlane, policy, translates, clock } = this.#ground;
    const networks = this.#ground.networks();
    const { rows, unknown } = adoptHeld(dataPlane.read(), { policy, networks, translates, now: clock.now() });
    for (const row of rows) {
      if (row.wanted.globalPort !== undefined) this.#portsOf(row)?.hold(row.wanted.globalPort);
      this.#lastInstance[row.table] = Math.max(this.#lastInstance[row.table], row.instance);
      this.#put(row);
    }
    const refused = rows.filter((row) => !stillPermitted(row, policy, networks));
    const closed = this.end(refused, 'household') ? 0 : refused.length;
    return { adopted: rows.length - closed, closed, unknown: unknown.length };
  }

  /** Does all of what a controller asks in one kernel transaction, or nothing of it. */
  change(changes: readonly ModelChange[], owner: string): ChangeResult {
    // Rows whose time is up are gone, also when the timer is late.
    this.#leases.catchUp();
    const now = this.#ground.clock.now();
    const drawn = { ...this.#lastInstance };
    const around = this.#around(now);
    const draft = draftChanges(changes, owner, {
      rows: this.rows,
      ports: this.#ground.ports,
      around,
      now,
      nextInstance: (table) => ++drawn[table],
    });
    if ('fault' in draft) return { ok: false, failures: [{ index: draft.index, ...draft.fault }] };
    const { change, edits } = kernelChange(draft.edits, now);
    const replaced = draft.edits.flatMap(({ before, after }) =>
      before?.opening && before.opening !== after?.opening ? [before] : [],
    );
    const passed = new Map(this.#seen(replaced));
    const failure = this.#ground.dataPlane.commit(change);
    if (failure) {
      draft.releasePorts();
      const edit = draft.edits[edits[failure.at.list][failure.at.index] ?? 0];
      if (failure.reason === 'missing' && edit?.before) this.#drop([edit.before], 'lost');
      return { ok: false, failures: [{ index: edit?.index ?? 0, ...faultOfCommit(failure) }] };
    }
    const wanted = [...change.add, ...change.renew].map(({ opening }) => opening);
    if (this.#ground.dataPlane.look(wanted).some((held) => held === undefined)) {
      draft.releasePorts();
      this.#ground.dataPlane.commit({ add: [], renew: [], remove: change.add.map(({ opening }) => opening) });
      return {
        ok: false,
        failures: [{ index: 0, code: errorCode.internalError, message: 'the kernel does not hold it' }],
      };
    }
    this.#lastInstance = drawn;
    const { signed } = around.consent;
    if (signed) this.#used.add(signed.iss, signed.jti, now);
    for (const edit of draft.edits) this.#settle(edit, passed);
    this.#startMedia(draft.edits);
    return { ok: true, objects: draft.objects };
  }

  /** Closes rows, whoever made them. Undefined on success; else nothing is closed. */
  end(rows: readonly Row[], reason: EndReason): Fault | undefined {
    if (rows.length === 0) return undefined;
    this.#seen(rows);
    const failure = this.#ground.dataPlane.commit({ add: [], renew: [], remove: openingsOf(rows) });
    if (failure) return faultOfCommit(failure);
    this.#drop(rows, reason);
    return undefined;
  }

  /** Lets nothing open until {@link resume}, and closes everything. */
  pause(): Fault | undefined {
    this.#paused = true;
    return this.end([...this.rows.all()], 'household');
  }

  resume(): void {
    this.#paused = false;
  }

  /** A row as it is now; undefined where its opening turns out to be gone. */
  show(row: Row): Shown | undefined {
    const held = row.opening && this.#ground.dataPlane.look([row.opening])[0];
    if (row.opening && !held) {
      this.#drop([row], 'lost');
      return undefined;
    }
    return this.#shown(row, held);
  }

  /** Looks for every opening in the kernel: what is gone there is gone here. */
  lookForAll(): void {
    for (const row of [...this.rows.all()]) this.show(row);
  }

  [Symbol.dispose](): void {
    this.#leases.stop();
  }

  #around(now: Instant): Surroundings {
    const { policy, translates, deviceOf, dataPlane, keys } = this.#ground;
    const networks = this.#ground.networks();
    const sent = senders(dataPlane);
    const sender = (flow: RequestFlow) => sent(flow)?.original.from.address;
    return {
      policy,
      translates,
      networks,
      deviceOf,
      paused: this.#paused,
      sender,
      leftFrom: (flow) => sent(flow)?.outside.address,
      consent: beginConsent({ policy, now, since: this.#since, keys, used: this.#used, sender, deviceOf }),
      judgeTarget: once((address) => judgeTarget(policy, networks, address)),
      judgeRemote: once((address) => judgeRemote(policy, networks, address)),
    };
  }

  #shown(row: Row, held?: HeldOpening): Shown {
    const { own, ...networks } = this.#ground.networks();
    const local = this.#ground.policy.localPrefixes ?? networks.local;
    const { opening } = row;
    const reached = (global: IpAddress) =>
      row.table === pinholeTable ? local.some((prefix) => prefixContains(prefix, global)) : own.has(global);
    const stranded = opening !== undefined && !reached(opening.global.address);
    return { row, now: this.#ground.clock.now(), held, stranded };
  }

  #settle({ index, before, after }: Edit, passed: ReadonlyMap<Row, OpeningCounters>): void {
    const seen = (before && passed.get(before)) ?? nothingPassed;
    const kept = after && before?.opening && after.opening !== before.opening ? { ...after, carried: seen } : after;
    if (before && !after) this.rows.drop(before);
    if (before) this.#leavePort(before, after);
    if (kept) this.#put(kept);
    for (const event of eventsOf({ index, before, after: kept }, (row) => this.#shown(row), seen))
      this.#ground.tell(event);
  }

  /** Rows of one message that name the same start are one. */
  #startMedia(edits: readonly Edit[]): void {
    const starts = new Map<string, { start: StartNotice; opened: KernelOpening[] }>();
    for (const { start, after } of edits) {
      if (!start || !after?.opening) continue;
      const name = `${formatEndpoint(start.mediaServer)} ${start.startId}`;
      const one = starts.get(name) ?? { start, opened: [] };
      one.opened.push(after.opening);
      starts.set(name, one);
    }
    for (const { start, opened } of starts.values()) this.#ground.startMedia?.(start, opened);
  }

  #put(row: Row): void {
    this.rows.put(row);
    this.#leases.watch(row);
  }

  #leaseEnded(rows: readonly Row[]): void {
    const due: Row[] = [];
    for (const row of rows) {
      // The kernel's clock decides: this machine's own may have been set forward meanwhile.
      const held = row.opening && this.#ground.dataPlane.look([row.opening])[0];
      if (held && held.remainingMs > clockSlackMs)
        this.#put({ ...row, until: this.#ground.clock.now() + held.remainingMs });
      else due.push(row);
    }
    // Where the kernel cannot be asked, its own timeouts still hold.
    if (this.end(due, 'lease-ended')) this.#drop(due, 'lease-ended');
  }

  #drop(rows: readonly Row[], reason: EndReason): void {
    for (const row of rows) {
      this.rows.drop(row);
      this.#leavePort(row, undefined);
      const passed = (row.opening && this.#lastSeen.get(row.opening)) ?? row.carried;
      for (const event of ended(row, reason, passed)) this.#ground.tell(event);
    }
  }

  #leavePort(before: Row, after: Row | undefined): void {
    const { globalPort } = before.wanted;
    if (globalPort === undefined) return;
    const kept = after?.wanted.globalPort === globalPort && this.#portsOf(after) === this.#portsOf(before);
    if (!kept) this.#portsOf(before)?.release(globalPort);
  }

  /** Undefined for what has no ports. */
  #portsOf(row: Row) {
    const transport = transportWanted(row.wanted);
    return transport === 'esp' ? undefined : this.#ground.ports[transport];
  }

  /** Reads the counters of rows, and remembers them; of one that is gone, what was seen last. */
  #seen(rows: readonly Row[]): [Row, OpeningCounters][] {
    const held = this.#ground.dataPlane.look(openingsOf(rows)).values();
    return rows.map((row) => {
      const now = row.opening && held.next().value;
      const seen = row.opening && this.#lastSeen.get(row.opening);
      const passed = now
        ? { packets: row.carried.packets + now.packets, bytes: row.carried.bytes + now.bytes }
        : (seen ?? row.carried);
      if (row.opening) this.#lastSeen.set(row.opening, passed);
      return [row, passed];
    });
  }
}

/** How far this machine's clock and the kernel's timeouts may be apart. */
const clockSlackMs = 50;

const openingsOf = (rows: readonly Row[]) => rows.flatMap(({ opening }) => (opening ? [opening] : []));

/**
 * Who sent a request: over HTTPS in a TCP flow, over SIP perhaps in one of UDP. Where the portal saw it translated once
 * more, further out, the device's own end of it is looked up. The rows of one message share their request's flow: once.
 */
function senders(dataPlane: DataPlane): (flow: RequestFlow) => Flow | undefined {
  const known = new Map<string, Flow | undefined>();
  return ({ transport = 'tcp', observed, portal, sent }) => {
    const name = [transport, ...[observed, portal, ...(sent ? [sent] : [])].map(formatEndpoint)].join(' ');
    if (!known.has(name)) {
      const flow =
        dataPlane.flow(transport, observed, portal) ?? (sent && dataPlane.flow(transport, sent, portal, 'inside'));
      known.set(name, flow);
    }
    return known.get(name);
  };
}

/** Asks once for each address. */
function once<A, V>(judge: (address: A) => V): (address: A) => V {
  const judged = new Map<A, V>();
  return (address) => {
    const known = judged.get(address);
    if (known !== undefined || judged.has(address)) return known as V;
    const verdict = judge(address);
    judged.set(address, verdict);
    return verdict;
  };
}
