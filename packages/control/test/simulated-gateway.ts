import { type Driver, type GatewaySession, Unreachable } from '@sluice/driver';
import {
  type Clock,
  type ConfigurationChange,
  familyOf,
  type Gateway,
  type GatewayAddresses,
  type GrantedOpening,
  type Observed,
  type Opening,
  type OpeningCounters,
  type Outcome,
  type Refusal,
  type Traits,
  transportOf,
} from '@sluice/model';

/** What goes wrong with one exchange. */
export type Mishap =
  /** It is done, and the answer is lost. */
  | { readonly kind: 'answer-lost' }
  /** It never arrives, and nobody is told. */
  | { readonly kind: 'request-lost' }
  /** It arrives so much later, and is then done and answered. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The connection breaks after it was done, and can be made again, or not. */
  | { readonly kind: 'cut'; readonly offline?: true }
  /** The gateway says no. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** It is done otherwise than asked, and called done. */
  | { readonly kind: 'twist'; twist(opening: GrantedOpening): GrantedOpening | undefined };

/** Traits of a gateway that keeps every promise. */
export const strongTraits: Traits = {
  families: [4, 6],
  sourceAddress: true,
  sourcePort: true,
  streamTypes: true,
  lease: { leastSeconds: 1, mostSeconds: 86_400 },
  atomic: true,
  ackMeansHeld: true,
  listsWhatItHolds: true,
  revokeStopsRunning: true,
  keepsNarrowingOverRestart: true,
  symmetricSource: true,
  sharedGlobalPort: false,
  portGroups: true,
  findsDevice: true,
  portAgreement: ['pick', 'propose', 'list-free'],
};

/** Changes as steps: the whole, or one opening at a time where the type is not atomic. */
type Step = Pick<ConfigurationChange, 'open' | 'renew' | 'close'>;

/** A gateway in memory, under the test's clock: rows with leases, and mishaps on demand. */
export class SimulatedGateway {
  gateway: Gateway;
  readonly traits: Traits;
  /** Mishaps of the next applies, in order; `undefined` in it lets one pass. */
  readonly mishaps: (Mishap | undefined)[] = [];
  /** Mishaps of the next looks. */
  readonly blindness: (Mishap | undefined)[] = [];
  addresses: GatewayAddresses = {
    global: ['203.0.113.1'],
    local: [
      { address: '192.168.1.0', length: 24 },
      { address: '2001:db8:100::', length: 64 },
    ],
    own: ['192.168.1.1', '2001:db8:100::1'],
  };
  /** The device that sent the request's flow. */
  device = '192.168.1.2';
  online = true;
  foreign = 3;
  /** It reads back before it answers, and says so. */
  seen = false;
  /** Answers in the reverse of the order asked in. */
  reversed = false;
  /** It cannot be asked what it holds. */
  unreadable = false;
  /** Applies that arrived. */
  applied: Step[] = [];
  /** What passed by each opening; the same for all where left out. */
  traffic: Map<string, OpeningCounters> | undefined;
  /** Ports that others hold. */
  readonly portsOfOthers = new Set<number>();
  readonly #clock: Clock;
  readonly #rows = new Map<string, GrantedOpening>();
  readonly #sessions = new Set<AbortController>();
  #nextPort = 20_001;

  constructor(clock: Clock, traits: Traits = strongTraits, gatewayId = 'self::gateway-1') {
    this.#clock = clock;
    this.traits = traits;
    this.gateway = { gatewayId, type: 'sluice', communication: {} };
  }

  /** What packets could pass through now. */
  get held(): readonly GrantedOpening[] {
    const now = this.#clock.now();
    for (const [id, { until }] of this.#rows) if (until <= now) this.#rows.delete(id);
    return [...this.#rows.values()];
  }

  /** Everybody's connection ends. */
  disconnect(): void {
    for (const session of this.#sessions) session.abort(new Unreachable('the connection broke'));
    this.#sessions.clear();
  }

  /** The connection ends and all rows are gone. */
  reboot(): void {
    this.disconnect();
    this.#rows.clear();
  }

  /** One row vanishes, as if the household had closed it. */
  lose(id: string): void {
    this.#rows.delete(id);
  }

  /** A row that nobody asked for appears under our name. */
  plant(opening: GrantedOpening): void {
    this.#rows.set(opening.id, opening);
  }

  connect(): GatewaySession<Step> {
    if (!this.online) throw new Unreachable('not connected');
    const life = new AbortController();
    this.#sessions.add(life);
    return {
      traits: this.traits,
      addresses: async (signal) => {
        signal.throwIfAborted();
        life.signal.throwIfAborted();
        return this.addresses;
      },
      observe: (believed, signal) =>
        this.#exchange(this.blindness.shift(), [signal, life.signal], () => this.#observe(believed)),
      apply: async (step, signal): Promise<Outcome> => {
        const mishap = this.mishaps.shift();
        try {
          return await this.#exchange(mishap, [signal, life.signal], () => this.#apply(step, mishap));
        } catch (error) {
          return { kind: 'unknown', reason: String(error) };
        }
      },
      freePorts: async ({ count, paired }, signal) => {
        signal.throwIfAborted();
        life.signal.throwIfAborted();
        const ports: number[] = [];
        for (let port = paired ? 20_000 : 20_001; ports.length < count; port += paired ? 2 : 1)
          if (this.#isFree(port) && (!paired || this.#isFree(port + 1)))
            ports.push(...(paired ? [port, port + 1] : [port]));
        return ports;
      },
      [Symbol.asyncDispose]: async () => {
        this.#sessions.delete(life);
      },
    };
  }

  async #exchange<T>(mishap: Mishap | undefined, signals: readonly AbortSignal[], act: () => T): Promise<T> {
    const never = new Promise<never>((_, reject) => {
      for (const signal of signals) {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }
    });
    // Stays quiet when the answer comes first.
    never.catch(() => undefined);
    if (signals.some(({ aborted }) => aborted)) return never;
    switch (mishap?.kind) {
      case 'request-lost':
        return never;
      case 'answer-lost':
        act();
        return never;
      case 'cut':
        act();
        this.online = !mishap.offline;
        this.disconnect();
        return never;
      case 'slow': {
        const late = new Promise<T>((resolve) => {
          // The request is on its way, whoever still waits for it; a broken connection loses it.
          this.#clock.after(mishap.ms, () => {
            if (!signals.at(-1)?.aborted) resolve(act());
          });
        });
        return Promise.race([late, never]);
      }
      default:
        return act();
    }
  }

  #observe(believed: readonly GrantedOpening[]): Observed {
    if (this.unreadable) return { at: this.#clock.now(), ours: [], unsure: believed, foreign: 0 };
    const ids = new Set(believed.map(({ id }) => id));
    const rows = this.held.filter(({ id }) => this.traits.listsWhatItHolds || ids.has(id));
    const nothing = { packets: 0, bytes: 0 };
    const passed = (id: string) => (this.traffic ? (this.traffic.get(id) ?? nothing) : { packets: 7, bytes: 700 });
    const ours = rows.map((opening) => ({ opening, counters: passed(opening.id) }));
    return { at: this.#clock.now(), ours, foreign: this.foreign };
  }

  /** All of a step or nothing of it. */
  #apply(step: Step, mishap: Mishap | undefined): Outcome {
    this.applied.push(step);
    if (mishap?.kind === 'refuse') return { kind: 'refused', refusal: mishap.refusal };
    const held = new Set(this.held.map(({ id }) => id));
    for (const { opening } of step.renew) if (!held.has(opening.id)) return refusal('malformed', opening.id);
    const granted: GrantedOpening[] = [];
    for (const opening of step.open) {
      const port = this.#portFor(opening, granted);
      if (held.has(opening.id) || port === undefined) return refusal('port-in-use', opening.id);
      granted.push(this.#grant(opening, port));
    }
    const now = this.#clock.now();
    const { lease: kept } = this.traits;
    const least = (kept?.leastSeconds ?? 0) * 1_000;
    // Without a lease a row stays until it is closed.
    const lease = (until: number) =>
      kept ? now + Math.max(Math.ceil((until - now) / 1_000) * 1_000, least) : Number.MAX_SAFE_INTEGER;
    for (const { opening, until } of step.renew) {
      const row = this.#rows.get(opening.id);
      if (row) this.#rows.set(row.id, { ...row, until: lease(until) });
    }
    for (const { id } of step.close) this.#rows.delete(id);
    const twisted = granted.flatMap((opening) => {
      const row = mishap?.kind === 'twist' ? mishap.twist(opening) : opening;
      return row ? [row] : [];
    });
    for (const opening of twisted) this.#rows.set(opening.id, { ...opening, until: lease(opening.until) });
    // A lease that was made a longer one is told.
    const told = twisted.map((opening) => (opening.until - now < least ? { ...opening, until: now + least } : opening));
    return { kind: 'applied', granted: this.reversed ? told.toReversed() : told, ...(this.seen && { seen: true }) };
  }

  #grant(opening: Opening, port: number): GrantedOpening {
    const address = opening.local.address ?? this.device;
    const local = { address, port: opening.local.port };
    const passes = familyOf(address) === 6 || this.traits.translates === false;
    const global = passes ? local : { address: this.addresses.global[0] ?? '', port };
    const { flow: _, portGroup: __, ...rest } = opening;
    return { ...rest, local, global, globalPort: global.port };
  }

  #portFor(opening: Opening, granted: readonly GrantedOpening[]): number | undefined {
    const now = new Set(granted.map(({ streamType, globalPort }) => `${transportOf(streamType)} ${globalPort}`));
    if (opening.globalPort !== undefined) {
      const place = `${transportOf(opening.streamType)} ${opening.globalPort}`;
      return this.#isFree(opening.globalPort) && !now.has(place) ? opening.globalPort : undefined;
    }
    // The second of a group comes right after the first, in the simulation's requests.
    if (opening.portGroup?.offset === 1) return (granted.at(-1)?.globalPort ?? 0) + 1;
    let port = this.#nextPort;
    if (opening.portGroup && port % 2) port++;
    this.#nextPort = port + (opening.portGroup ? 2 : 1);
    return port;
  }

  #isFree(port: number): boolean {
    return (
      !this.portsOfOthers.has(port) &&
      !this.held.some(({ globalPort, global }) => globalPort === port && familyOf(global.address) === 4)
    );
  }
}

/** The driver of simulated gateways, found by their ids. */
export function simulatedDriver(gateways: readonly SimulatedGateway[]): Driver<Step> {
  const traits = gateways[0]?.traits ?? strongTraits;
  return {
    type: 'sluice',
    traits,
    plan({ open, renew, close }) {
      if (traits.atomic) return { steps: [{ open, renew, close }] };
      return {
        steps: [
          ...close.map((opening) => ({ open: [], renew: [], close: [opening] })),
          ...renew.map((entry) => ({ open: [], renew: [entry], close: [] })),
          ...open.map((opening) => ({ open: [opening], renew: [], close: [] })),
        ],
      };
    },
    async connect(gateway, signal) {
      signal.throwIfAborted();
      const found = gateways.find((simulated) => simulated.gateway.gatewayId === gateway.gatewayId);
      if (!found) throw new Unreachable('no such gateway');
      return found.connect();
    },
  };
}

function refusal(code: Refusal['code'], subject: string): Outcome {
  return { kind: 'refused', refusal: { code, message: `${code} in the simulation`, subject } };
}
