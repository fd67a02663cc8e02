import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promiseNames, refuse } from '@sluice/model';
import fc from 'fast-check';
import type { Verdict } from './index.ts';
import { filmRequest, filmRequest6, openHome, patient, type World } from './test/home.ts';
import { openRow } from './test/row.ts';
import { type Mishap, type SimulatedGateway, strongTraits } from './test/simulated-gateway.ts';

/** What can happen to a home, in any order. `at`: at which of its gateways. */
type Happening = { readonly at?: number } & (
  | { readonly kind: 'ask'; readonly request: number }
  | { readonly kind: 'close'; readonly request: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'mishap'; readonly mishap: Mishap; readonly of: 'apply' | 'look' }
  | { readonly kind: 'disconnect' | 'come-back' | 'reboot' | 'restart' | 'crash' }
  | { readonly kind: 'lose-row' | 'say-gone'; readonly nth: number }
);

const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  fc.constantFrom<Mishap>(
    { kind: 'answer-lost' },
    { kind: 'request-lost' },
    { kind: 'cut' },
    { kind: 'cut', offline: true },
    { kind: 'refuse', refusal: refuse('port-in-use', 'taken') },
    { kind: 'refuse', refusal: refuse('paused', 'the household paused the gateway') },
  ),
  fc.integer({ min: 1, max: 9_000 }).map((ms): Mishap => ({ kind: 'slow', ms })),
);

const somewhere: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(5).map((request): Happening => ({ kind: 'ask', request })) },
  { weight: 3, arbitrary: fc.nat(5).map((request): Happening => ({ kind: 'close', request })) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(1, 500, 5_000, 16_000, 40_000).map((ms): Happening => ({ kind: 'pass', ms })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(mishap, fc.constantFrom('apply' as const, 'look' as const))
      .map(([what, of]): Happening => ({ kind: 'mishap', mishap: what, of })),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        'disconnect' as const,
        'come-back' as const,
        'come-back' as const,
        'reboot' as const,
        'restart' as const,
        'crash' as const,
      )
      .map((kind): Happening => ({ kind })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('lose-row' as const, 'say-gone' as const), fc.nat(20))
      .map(([kind, nth]): Happening => ({ kind, nth })),
  },
);

const happening = fc.tuple(somewhere, fc.nat(1)).map(([what, at]): Happening => ({ ...what, at }));

const provisionalMs = 10_000;
const leaseMs = 30_000;

/** The world of one run: what was asked, and the first verdict that each request got. */
class Run {
  readonly home: World;
  readonly gateways: readonly SimulatedGateway[];
  readonly verdicts = new Map<number, Verdict>();
  readonly pending = new Set<Promise<unknown>>();

  constructor(home: World, gateways: readonly SimulatedGateway[]) {
    this.home = home;
    this.gateways = gateways;
  }

  async happen(what: Happening): Promise<void> {
    const { control, clock } = this.home;
    const gateway = this.gateways[(what.at ?? 0) % this.gateways.length] ?? assert.fail();
    const { gatewayId } = gateway.gateway;
    switch (what.kind) {
      case 'ask':
        return this.#follow(this.ask(what.request));
      case 'close': {
        const sessionId = this.verdicts.get(what.request)?.session?.sessionId;
        return sessionId === undefined ? undefined : this.#follow(control.close(sessionId, 'revoked', patient));
      }
      case 'pass':
        return clock.pass(what.ms);
      case 'mishap':
        (what.of === 'apply' ? gateway.mishaps : gateway.blindness).push(what.mishap);
        return;
      case 'disconnect':
        gateway.online = false;
        gateway.disconnect();
        return control.gatewayLost(gatewayId);
      case 'come-back':
        gateway.online = true;
        return this.#follow(control.gatewayCameBack(gatewayId, patient));
      case 'reboot':
        gateway.reboot();
        gateway.online = true;
        return this.#follow(control.gatewayCameBack(gatewayId, patient));
      case 'restart':
        return this.home.restart();
      case 'crash':
        return this.home.crash();
      case 'lose-row':
      case 'say-gone': {
        const row = gateway.held[what.nth % Math.max(1, gateway.held.length)];
        if (!row) return;
        if (what.kind === 'lose-row') gateway.lose(row.id);
        return control.openingsGone(gatewayId, [row.id]);
      }
    }
  }

  /** Asks, and holds every later answer against the first. */
  async ask(n: number): Promise<void> {
    const request = n % 2 ? filmRequest6(`r${n}`) : filmRequest(`r${n}`);
    const verdict = await this.home.control.open(request, patient);
    const first = this.verdicts.get(n);
    if (first) {
      assert.equal(verdict.kind, first.kind, 'one verdict');
      assert.equal(verdict.session?.sessionId, first.session?.sessionId, 'one session');
    } else this.verdicts.set(n, verdict);
  }

  /** Holds at every moment: what no live session wants has the rest of a provisional lease at most. */
  async checkAlways(): Promise<void> {
    const now = this.home.clock.now();
    for (const { id, until } of this.gateways.flatMap(({ held }) => held)) {
      const session = await this.home.control.session(id.slice(0, id.lastIndexOf('-')));
      const wanted = session && (session.state === 'open' || session.state === 'closing');
      const most = wanted ? leaseMs : provisionalMs;
      assert.ok(
        until - now <= most + 1_000,
        `${id} of a session that is ${session?.state} is held for ${until - now} ms`,
      );
    }
  }

  /** Holds when the gateway was reached and put right: an opening is there if and only if an open session wants it. */
  async checkSettled(): Promise<void> {
    const { control, clock } = this.home;
    for (const gateway of this.gateways) {
      gateway.mishaps.length = 0;
      gateway.blindness.length = 0;
      gateway.online = true;
    }
    await this.home.until(Promise.allSettled(this.pending));
    await clock.pass(20_000);
    for (const { gateway } of this.gateways) {
      const { complete } = await this.home.until(control.gatewayCameBack(gateway.gatewayId, patient));
      assert.ok(complete);
    }
    await clock.pass(2_000);
    const open = await control.sessions({ states: ['open'] });
    const wanted = this.gateways.map(({ gateway }) =>
      open
        .flatMap(({ hops = [gateway], openings }) =>
          openings.flatMap(({ id, hop = 0 }) => (hops[hop]?.gatewayId === gateway.gatewayId ? [id] : [])),
        )
        .sort(),
    );
    const held = () => this.gateways.map((gateway) => gateway.held.map(({ id }) => id).sort());
    assert.deepEqual(held(), wanted);
    assert.ok(open.every(({ openings }) => openings.length === 5 * this.gateways.length));
    assert.deepEqual(await control.sessions({ states: ['closing', 'opening'] }), []);
    for (const n of this.verdicts.keys()) await this.home.until(this.ask(n));
    assert.deepEqual(held(), wanted, 'asking again changed nothing');
  }

  #follow(work: Promise<unknown>): void {
    // What a stop of the server cuts off rejects; it has no verdict then.
    const quiet = work.catch((error: unknown) => {
      if (error instanceof assert.AssertionError) this.failure ??= error;
    });
    this.pending.add(quiet);
    void quiet.finally(() => this.pending.delete(quiet));
  }

  failure: assert.AssertionError | undefined;
}

/** What once was too much. */
const onceFailed: readonly Happening[][] = [
  // The server stopped while a renewal was under way, which came back and renewed on, beside its successor.
  [
    { kind: 'ask', request: 1 },
    { kind: 'mishap', mishap: { kind: 'slow', ms: 2 }, of: 'apply' },
    { kind: 'pass', ms: 1 },
    { kind: 'restart' },
    { kind: 'close', request: 1 },
  ],
];

const settings = { leaseMs, provisionalLeaseMs: provisionalMs, weaker: promiseNames };
const slowTraits = { atomic: false, ackMeansHeld: false };
const weakTraits = {
  ...slowTraits,
  ...{ sourceAddress: false, sourcePort: false, streamTypes: false },
  ...{ revokeStopsRunning: false, keepsNarrowingOverRestart: false },
};

const homes: Readonly<Record<string, () => Promise<{ world: World; gateways: readonly SimulatedGateway[] }>>> = {
  'a gateway that keeps every promise': () => behindOne({}),
  'a gateway that does one thing at a time and whose word is not enough': () => behindOne(slowTraits),
  'a gateway that keeps next to no promise': () => behindOne(weakTraits),
  'two gateways in a row': () => behindTwo({}, {}),
  'two gateways in a row, of which the outer one does one thing at a time': () => behindTwo(slowTraits, {}),
};

async function behindOne(traits: object) {
  const world = await openHome(settings, { ...strongTraits, ...traits });
  return { world, gateways: [world.gateway] };
}

async function behindTwo(outer: object, inner: object) {
  const world = await openRow(outer, inner, settings);
  return { world, gateways: [world.inner, world.outer] };
}

for (const [name, open] of Object.entries(homes)) {
  test(`${name}: whatever happens in whatever order, what is open is wanted and what is wanted is open`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 25 }), async (happenings) => {
        const { world, gateways } = await open();
        await using _ = world;
        const run = new Run(world, gateways);
        for (const each of happenings) {
          await run.happen(each);
          await new Promise((resolve) => setImmediate(resolve));
          await run.checkAlways();
        }
        await run.checkSettled();
        if (run.failure) throw run.failure;
      }),
      { numRuns: Number(process.env.SLUICE_RUNS ?? 150), examples: onceFailed.map((each) => [each]) },
    );
  });
}
