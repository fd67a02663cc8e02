import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Driver, GatewaySession } from '@sluice/driver';
import type { GrantedOpening, Traits } from '@sluice/model';
import { type PortControlStep, planPortControl } from '@sluice/port-control';
import { buildNatPmpResponse } from '@sluice/wire/natpmp';
import { buildPcpRequest, buildPcpResponse } from '@sluice/wire/pcp';
import { change, grants, refusalIn, wanted } from '../../port-control/test/openings.ts';
import { pcpTraits } from './index.ts';
import { openPcpBench } from './test/bench.ts';

const soon = () => AbortSignal.timeout(5_000);
const loopback6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

test('what is on the gateway is exactly what was asked: one remote endpoint, for two minutes', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  assert.deepEqual(opening.global, { address: '203.0.113.1', port: 5000 });
  assert.equal(opening.until, clock.now() + 120_000);
  assert.equal(opening.lacks, undefined);
  const [mapping] = simulated.held;
  assert.deepEqual(mapping?.filters, ['203.0.113.10 7000']);
  assert.equal(mapping?.endsAt, clock.now() + 120_000);
  // Renewals do not pile filters up, and a server without a port of its own may come from any.
  for (let time = 0; time < 20; time++) {
    const renew = [{ opening, until: clock.now() + 600_000 }];
    const [renewed] = grants(await change(session, clock.now(), { renew }));
    assert.equal(renewed.until, clock.now() + 600_000);
  }
  assert.deepEqual(simulated.held[0]?.filters, ['203.0.113.10 7000']);
  const anyPort = wanted(clock.now(), 1, { remote: { address: '203.0.113.11' } });
  grants(await change(session, clock.now(), { open: [anyPort] }));
  assert.deepEqual(simulated.held[1]?.filters, ['203.0.113.11 0']);
});

test('a lease that the gateway makes longer or shorter is told as it is', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const start = clock.now();
  const brief = wanted(start, 0, { until: start + 10_000 });
  const [longer] = grants(await change(session, start, { open: [brief] }));
  assert.equal(longer.until, start + 120_000);
  simulated.mostSeconds = 300;
  const long = wanted(start, 1, { until: start + 7_200_000 });
  const [shorter] = grants(await change(session, start, { open: [long] }));
  assert.equal(shorter.until, start + 300_000);
});

test('what is known is not asked for: the address that a mapping has, and whether what was closed is closed', async () => {
  await using bench = await openPcpBench();
  const { clock, server } = bench;
  const session = await bench.connect();
  const openings = grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  const { asked } = server;
  assert.deepEqual((await session.addresses(soon())).global, ['203.0.113.1']);
  assert.equal(server.asked, asked);
  for (let time = 0; time < 3; time++) await change(session, clock.now(), { close: openings });
  assert.deepEqual((await session.observe(openings, soon())).ours, []);
  assert.equal(server.asked, asked + 1);
});

test('a restarted appliance renews, sees and closes what it opened before; another appliance cannot', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  const [opening] = grants(await change(await bench.connect(), clock.now(), { open: [wanted(clock.now())] }));
  const other = await bench.connect(bench.anew(Buffer.from('a secret of another one')));
  const stolen = await change(other, clock.now(), { renew: [{ opening, until: clock.now() + 600_000 }] });
  assert.equal(refusalIn(stolen).code, 'gateway-refused');
  assert.equal((await change(other, clock.now(), { close: [opening] })).kind, 'refused');

  const again = await bench.connect(bench.anew());
  const renew = [{ opening, until: clock.now() + 600_000 }];
  const [renewed] = grants(await change(again, clock.now(), { renew }));
  assert.equal(simulated.held[0]?.endsAt, clock.now() + 600_000);
  const third = await bench.connect(bench.anew());
  const { ours } = await third.observe([renewed], soon());
  assert.deepEqual(ours, [{ opening: renewed }]);
  assert.equal((await change(third, clock.now(), { close: [renewed] })).kind, 'applied');
  assert.deepEqual(simulated.held, []);
});

test('a look asks for what is left of a lease and no more; near its end it does not ask', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated, server } = bench;
  const session = await bench.connect();
  const until = clock.now() + 600_000;
  const [opening] = grants(await change(session, clock.now(), { open: [wanted(clock.now(), 0, { until })] }));
  await clock.pass(100_000);
  const { asked } = server;
  assert.equal((await session.observe([opening], soon())).ours.length, 1);
  assert.equal(server.asked, asked + 1);
  assert.equal(simulated.held[0]?.endsAt, until);
  await clock.pass(390_000);
  assert.equal((await session.observe([opening], soon())).ours.length, 1);
  assert.equal(server.asked, asked + 1);
  assert.equal(simulated.held[0]?.endsAt, until);
  await clock.pass(110_000);
  assert.equal((await session.observe([opening], soon())).ours.length, 0);
});

test('a gateway that lost power is found out by its next answer, and all is put back by looking', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated, losses } = bench;
  const session = await bench.connect();
  const open = [0, 1, 2].map((n) => wanted(clock.now(), n));
  const openings = grants(await change(session, clock.now(), { open }));
  simulated.reboot();
  await clock.pass(10_000);
  const renew = openings.slice(0, 1).map((opening) => ({ opening, until: clock.now() + 120_000 }));
  grants(await change(session, clock.now(), { renew }));
  assert.match(losses.join(), /^home-1 an answer shows/);
  assert.equal(simulated.held.length, 1);
  const { ours } = await session.observe(openings, soon());
  assert.deepEqual(ours.map(({ opening }) => opening.id).sort(), ['s1-0', 's1-1', 's1-2']);
  assert.equal(simulated.held.length, 3);
  assert.ok(simulated.held.every(({ filters }) => filters.length === 1));
  assert.equal(losses.length, 1, 'a loss is told once');
});

test('an announcement of a loss is told, within 5 s; of others, or without a loss, it is not', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated, losses, driver } = bench;
  await bench.connect();
  const announce = (epoch: number) =>
    buildPcpResponse({ result: 0, lifetime: 0, epoch, body: { kind: 'announce' }, options: [] });
  driver.heard(announce(simulated.epoch), '127.0.0.1');
  driver.heard(announce(0), '127.0.0.99');
  driver.heard(Buffer.from('NOTIFY * HTTP/1.1'), '127.0.0.1');
  await clock.pass(5_000);
  assert.deepEqual(losses, []);
  for (let copy = 0; copy < 10; copy++) driver.heard(announce(0), '127.0.0.1');
  assert.deepEqual(losses, [], 'everybody would ask at once');
  await clock.pass(5_000);
  assert.deepEqual(losses, ['home-1 it announced that it lost its mappings']);
});

test('an announcement of NAT-PMP tells another global address, which is asked for anew', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated, losses, driver } = bench;
  const session = await bench.connect();
  assert.deepEqual((await session.addresses(soon())).global, ['203.0.113.1']);
  const announce = (address: Uint8Array) =>
    buildNatPmpResponse({ kind: 'external-address', result: 0, epoch: simulated.epoch, address });
  driver.heard(announce(Uint8Array.of(203, 0, 113, 1)), '127.0.0.1');
  await clock.pass(5_000);
  assert.deepEqual(losses, []);
  simulated.externalAddress = '203.0.113.2';
  driver.heard(announce(Uint8Array.of(203, 0, 113, 2)), '127.0.0.1');
  await clock.pass(5_000);
  assert.equal(losses.length, 1);
  assert.deepEqual((await session.addresses(soon())).global, ['203.0.113.2']);
});

test('the global address is asked for once; of a gateway without NAT-PMP it is learnt from a mapping that lets nobody in', async () => {
  await using bench = await openPcpBench();
  const { simulated, server } = bench;
  const session = await bench.connect();
  const seen: string[][] = [];
  const answer = simulated.answer.bind(simulated);
  simulated.answer = (bytes, from) => {
    const reply = answer(bytes, from);
    seen.push(...simulated.held.map(({ filters }) => [...filters]));
    return reply;
  };
  for (let time = 0; time < 3; time++)
    assert.deepEqual(await session.addresses(soon()), {
      global: ['203.0.113.1'],
      local: [
        { address: '127.0.0.0', length: 8 },
        { address: '::1', length: 128 },
      ],
      own: ['127.0.0.1', '::1'],
    });
  assert.deepEqual(seen, [['192.0.2.1 61009']]);
  assert.deepEqual(simulated.held, [], 'and it is taken away');
  const { asked } = server;
  await session.addresses(soon());
  assert.equal(server.asked, asked);
});

test('a renewal after the global address changed is refused: streams go elsewhere', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  simulated.reboot();
  simulated.externalAddress = '203.0.113.2';
  await clock.pass(60_000);
  const renew = [{ opening, until: clock.now() + 120_000 }];
  assert.match(refusalIn(await change(session, clock.now(), { renew })).message, /203\.0\.113\.2 now/);
  assert.deepEqual(simulated.held, []);
});

test('a mapping that another host has taken meanwhile is reported, and theirs stays', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  for (const ignoresPreferFailure of [false, true]) {
    simulated.reboot();
    simulated.ignoresPreferFailure = ignoresPreferFailure;
    const theirs = {
      ...{ client: '192.168.1.77', protocol: 17, internalPort: 9, nonce: 'theirs', externalPort: 5000 },
      ...{ externalAddress: '203.0.113.1', filters: [], endsAt: clock.now() + 3_600_000 },
    };
    simulated.mappings.push(theirs);
    await clock.pass(31_000);
    const renew = [{ opening, until: clock.now() + 120_000 }];
    assert.equal(refusalIn(await change(session, clock.now(), { renew })).code, 'port-in-use');
    assert.deepEqual(simulated.held, [theirs]);
  }
});

test('a gateway without FILTER: refused, or, where the policy lets it, wide and told', async () => {
  for (const flaw of ['knowsFilter', 'hidesFilters'] as const) {
    await using bench = await openPcpBench();
    const { clock, simulated } = bench;
    simulated[flaw] = flaw === 'hidesFilters';
    const session = await bench.connect();
    const strict = refusalIn(await change(session, clock.now(), { open: [wanted(clock.now())] }));
    assert.ok(['trait-missing', 'cannot-hold'].includes(strict.code), strict.code);
    assert.deepEqual(simulated.held, []);
    const mayLack = ['remoteAddress', 'remotePort'] as const;
    const [wide] = grants(await change(session, clock.now(), { open: [wanted(clock.now(), 1, { mayLack })] }));
    assert.deepEqual(wide.lacks, mayLack);
    const { mayLack: _, ...known } = wide;
    grants(await change(session, clock.now(), { renew: [{ opening: known, until: clock.now() + 120_000 }] }));
    if (flaw !== 'knowsFilter') continue;
    assert.equal(session.traits?.sourceAddress, false);
    const second = refusalIn(await change(session, clock.now(), { open: [wanted(clock.now(), 2)] }));
    assert.equal(second.code, 'cannot-hold');
  }
});

test('another device of the home is mapped where the gateway knows THIRD_PARTY', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  simulated.knowsThirdParty = true;
  const session = await bench.connect();
  const other = wanted(clock.now(), 0, { local: { address: '192.0.2.9', port: 5000 } });
  const [opening] = grants(await change(session, clock.now(), { open: [other] }));
  assert.equal(simulated.held[0]?.client, '192.0.2.9');
  assert.equal((await change(session, clock.now(), { close: [opening] })).kind, 'applied');
  assert.deepEqual(simulated.held, []);
});

test('two openings to one port of a device are one too many: a gateway has one mapping for both', async () => {
  await using bench = await openPcpBench();
  const { clock } = bench;
  const session = await bench.connect();
  grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  const second = wanted(clock.now(), 1, { local: { address: '127.0.0.1', port: 5000 } });
  assert.equal(refusalIn(await change(session, clock.now(), { open: [second] })).code, 'port-in-use');
});

test('a gateway that answers the deletion of nothing with NO_RESOURCES is understood', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  simulated.noResourcesForNothing = true;
  const [opening] = grants(await change(await bench.connect(), clock.now(), { open: [wanted(clock.now())] }));
  simulated.mappings = [];
  const restarted = await bench.connect(bench.anew());
  assert.equal((await change(restarted, clock.now(), { close: [opening] })).kind, 'applied');
});

test('a gateway that keeps a mapping after its deletion is not believed to have closed', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  simulated.keepsAfterDeletion = 30;
  assert.match(refusalIn(await change(session, clock.now(), { close: [opening] })).message, /another 30 s/);
  const { ours, unsure } = await session.observe([opening], soon());
  assert.deepEqual([ours, unsure?.map(({ id }) => id)], [[], ['s1-0']]);
});

test('a gateway that answers over one IP version alone is spoken to over that', async () => {
  for (const family of [4, 6] as const) {
    await using bench = await openPcpBench({ families: [family] });
    const session = await bench.connect();
    assert.deepEqual(session.traits?.families, [family]);
    const other = family === 4 ? '2001:db8:1::10' : '203.0.113.10';
    const opening = wanted(bench.clock.now(), 0, { remote: { address: other } });
    assert.equal(refusalIn(await change(session, bench.clock.now(), { open: [opening] })).code, 'gateway-offline');
    assert.equal((await session.addresses(soon())).global.length, family === 4 ? 1 : 0);
  }
});

test('an IP version over which nothing answers keeps nobody waiting, and is heard when it answers late', async () => {
  await using bench = await openPcpBench();
  const { clock, simulated, server } = bench;
  let late = () => {};
  const answer = simulated.answer.bind(simulated);
  simulated.answer = (bytes, from) => (from === '::1' ? undefined : answer(bytes, from));
  const began = clock.now();
  const connecting = bench.connect();
  let connected = false;
  void connecting.then(() => {
    connected = true;
  });
  server.mishaps.push(
    ...[0, 1].map(() => (reply: Uint8Array | undefined, send: (bytes: Uint8Array) => void) => {
      if (reply) return send(reply);
      late = () => send(answer(asked, '::1') ?? asked);
    }),
  );
  const asked = buildPcpRequest({ lifetime: 0, clientAddress: loopback6, body: { kind: 'announce' }, options: [] });
  while (!connected) {
    await setImmediate();
    await clock.pass(1);
  }
  assert.ok(clock.now() - began < 2_000, 'it waited for the other IP version');
  const session = await connecting;
  assert.deepEqual(session.traits?.families, [4]);
  late();
  while (session.traits?.families.length === 1) await setImmediate();
  assert.deepEqual(session.traits?.families, [4, 6]);
});

test('a gateway of NAT-PMP alone is handed to who speaks it, with the weaker traits told', async () => {
  const weaker: Traits = { ...pcpTraits, sourceAddress: false, sourcePort: false };
  const applied: PortControlStep[] = [];
  const session: GatewaySession<PortControlStep> = {
    addresses: async () => ({ global: ['203.0.113.7'], local: [], own: [] }),
    observe: async () => ({ at: 1, ours: [], foreign: 7 }),
    async apply(step) {
      applied.push(step);
      return { kind: 'applied', granted: [] };
    },
    async [Symbol.asyncDispose]() {},
  };
  const fallBack: Driver<PortControlStep> = {
    type: 'nat-pmp',
    traits: weaker,
    plan: (change, _, now) => planPortControl(change, now),
    connect: async () => session,
  };
  await using bench = await openPcpBench({ families: [4], fallBack: fallBack as Driver });
  bench.simulated.answer = () => buildNatPmpResponse({ kind: 'error', result: 1, epoch: 5, opcode: 0 });
  const older = await bench.connect();
  assert.deepEqual(older.traits, weaker);
  assert.deepEqual((await older.addresses(soon())).global, ['203.0.113.7']);
  assert.equal((await older.observe([], soon())).foreign, 7);
  const now = bench.clock.now();
  const opening = wanted(now);
  const held: GrantedOpening = {
    ...opening,
    local: { address: '127.0.0.1', port: 5000 },
    global: { address: '203.0.113.7', port: 5000 },
    globalPort: 5000,
  };
  const parts = { open: [opening], renew: [{ opening: held, until: now + 60_000 }], close: [held] };
  await change(older, now, parts);
  const gateway = { gatewayId: 'home-1', type: 'pcp', communication: {} } as const;
  assert.deepEqual(applied, planPortControl({ gateway, ...parts }, now).steps);
});

test('a short secret is no secret', async () => {
  await using bench = await openPcpBench();
  assert.throws(() => bench.anew(Buffer.from('short')), RangeError);
});
