import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildSsdp } from '@sluice/wire/igd';
import { grants, refusalIn } from '../../port-control/test/openings.ts';
import { byType, type IgdBench, look, openBench } from './test/bench.ts';
import { badBodies, type Mishap } from './test/mishap.ts';
import { simulatedUdn } from './test/simulated-igd.ts';

/** Short enough to wait for, where what is waited for never comes. */
const briefMs = 300;

const held = ({ igd }: IgdBench) => igd.tables.held.length + igd.tables.heldPinholes.length;

for (const family of [4, 6] as const) {
  const wish = (bench: IgdBench, n: number) => (family === 4 ? bench.wish(n) : bench.wish6(n));

  describe(`IPv${family}: what a gateway does wrong when it is asked to open`, () => {
    const bad: readonly (readonly [string, Mishap])[] = Object.entries(badBodies).map(([what, body]) => [
      what,
      { kind: 'body', body },
    ]);
    for (const [what, mishap] of [
      ...bad,
      ['an error page', { kind: 'body', body: badBodies.html, status: 500 }] as const,
      ['no answer', { kind: 'lose-answer' }] as const,
    ])
      test(`${what}: unknown, never called open or refused; it can be closed`, async () => {
        await using bench = await openBench();
        bench.igd.mishaps.push(mishap);
        const opening = wish(bench, 0);
        assert.equal((await bench.change({ open: [opening] }, briefMs)).kind, 'unknown');
        assert.equal(held(bench), 1, 'it was done');
        const { ours, unsure = [] } = await bench.session.observe([], look());
        const left = [...ours.map((seen) => seen.opening), ...unsure];
        assert.deepEqual(
          left.map(({ id }) => id),
          [opening.id],
          'it is told that it may be there',
        );
        assert.equal((await bench.change({ close: left })).kind, 'applied');
        assert.equal(held(bench), 0);
      });

    test('success, and nothing done: refused', async () => {
      await using bench = await openBench();
      bench.igd.mishaps.push({ kind: 'nothing' });
      const refusal = refusalIn(await bench.change({ open: [wish(bench, 0)] }));
      assert.equal(refusal.code, 'gateway-refused');
      assert.match(refusal.message, /said that it opened .*, and (shows nothing|does not hold it)/);
      assert.deepEqual((await bench.session.observe([], look())).ours, []);
    });

    test('an answer that comes twice is one answer', async () => {
      await using bench = await openBench();
      bench.igd.mishaps.push({ kind: 'twice' });
      grants(await bench.change({ open: [wish(bench, 0), wish(bench, 1)] }));
      assert.equal(held(bench), 2);
    });

    test("an answer that comes late is nobody else's", async () => {
      await using bench = await openBench();
      const late = Promise.withResolvers<void>();
      bench.igd.mishaps.push({ kind: 'late', until: late.promise });
      assert.equal((await bench.change({ open: [wish(bench, 0)] }, briefMs)).kind, 'unknown');
      const next = bench.change({ open: [wish(bench, 1)] });
      late.resolve();
      assert.deepEqual(
        grants(await next).map(({ id }) => id),
        [wish(bench, 1).id],
      );
    });

    test('one of five refused: none is left, and the one is named', async () => {
      await using bench = await openBench();
      const five = [0, 1, 2, 3, 4].map((n) => wish(bench, n));
      bench.igd.mishaps.push({ kind: 'twice' }, { kind: 'twice' }, { kind: 'refuse', code: 501 });
      const refusal = refusalIn(await bench.change({ open: five }));
      assert.deepEqual([refusal.code, refusal.subject], ['gateway-refused', five[2]?.id]);
      assert.equal(held(bench), 0);
    });

    test('one of five refused, and its siblings cannot be taken back: unknown, and they are seen', async () => {
      await using bench = await openBench();
      bench.igd.mishaps.push({ kind: 'twice' }, { kind: 'refuse', code: 501 }, { kind: 'nothing' });
      assert.equal((await bench.change({ open: [wish(bench, 0), wish(bench, 1)] })).kind, 'unknown');
      const { ours } = await bench.session.observe([], look());
      assert.deepEqual(
        ours.map(({ opening }) => opening.id),
        [wish(bench, 0).id],
      );
    });

    test('the power goes in between: unknown, and what a look finds is true', async () => {
      await using bench = await openBench();
      const first = grants(await bench.change({ open: [wish(bench, 0)] }));
      await bench.clock.pass(10_000);
      bench.igd.mishaps.push({ kind: 'power' });
      assert.equal((await bench.change({ open: [wish(bench, 1)] })).kind, 'unknown');
      const { ours, unsure = [] } = await bench.session.observe(first, look());
      assert.deepEqual(ours, []);
      // A pinhole of another life may be there under another number.
      assert.deepEqual(
        unsure.map(({ id }) => id),
        family === 4 ? [] : [wish(bench, 0).id, wish(bench, 1).id],
      );
      assert.equal((await bench.change({ close: [...first, ...unsure] })).kind, 'applied');
      grants(await bench.change({ open: [wish(bench, 2)] }));
      assert.equal(held(bench), 1);
    });

    test('a redirect is a no, and not followed', async () => {
      await using bench = await openBench();
      bench.igd.mishaps.push({ kind: 'redirect', location: 'http://192.0.2.1/ctl' });
      assert.equal(refusalIn(await bench.change({ open: [wish(bench, 0)] })).code, 'gateway-refused');
      assert.ok(![...bench.loopback.reached].includes('192.0.2.1'));
      assert.equal(held(bench), 0);
    });
  });

  describe(`IPv${family}: what it does wrong when it is asked to close or to renew`, () => {
    test('success, and nothing closed: refused, and told as still there', async () => {
      await using bench = await openBench();
      const openings = grants(await bench.change({ open: [wish(bench, 0)] }));
      bench.igd.mishaps.push({ kind: 'nothing' });
      assert.match(refusalIn(await bench.change({ close: openings })).message, /said that it closed .*, and still/);
      assert.equal((await bench.session.observe(openings, look())).ours.length, 1);
      assert.equal((await bench.change({ close: openings })).kind, 'applied');
      assert.equal(held(bench), 0);
    });

    test('no answer to a close: unknown, and it can be closed again, done or not', async () => {
      for (const kind of ['lose-request', 'lose-answer'] as const) {
        await using bench = await openBench();
        const openings = grants(await bench.change({ open: [wish(bench, 0)] }));
        bench.igd.mishaps.push({ kind });
        assert.equal((await bench.change({ close: openings }, briefMs)).kind, 'unknown', kind);
        assert.equal((await bench.change({ close: openings })).kind, 'applied', kind);
        assert.equal(held(bench), 0, kind);
      }
    });

    test('no answer to a renewal: unknown, and the opening lives on', async () => {
      await using bench = await openBench();
      const openings = grants(await bench.change({ open: [wish(bench, 0)] }));
      bench.igd.mishaps.push({ kind: 'lose-answer' });
      assert.equal((await bench.change({ renew: openings }, briefMs)).kind, 'unknown');
      assert.equal((await bench.session.observe(openings, look())).ours.length, 1);
      grants(await bench.change({ renew: openings }));
    });

    test('one of three is gone: its renewal is refused, the others are renewed', async () => {
      await using bench = await openBench();
      const openings = grants(await bench.change({ open: [wish(bench, 0), wish(bench, 1), wish(bench, 2)] }));
      if (family === 4) bench.igd.tables.remove(5001, 'udp');
      else bench.igd.tables.removePinhole(2);
      await bench.clock.pass(30_000);
      assert.equal(refusalIn(await bench.change({ renew: openings })).subject, openings[1]?.id);
      await bench.clock.pass(60_000);
      assert.equal(held(bench), 2);
    });
  });
}

test('a gateway that tells that it was started again: its loss is told once, and its numbers are known no more', async () => {
  await using bench = await openBench();
  const { driver, igd, loopback } = bench;
  const session = await driver.connect({ gatewayId: 'home-1', type: 'igd', communication: {} }, look());
  const step = driver.plan(bench.planned({ open: [bench.wish(0), bench.wish6(1)] }), undefined, bench.clock.now())
    .steps[0];
  assert.ok(step);
  const openings = grants(await session.apply(step, look()));
  igd.restart();
  const alive = {
    kind: 'notice',
    event: 'alive',
    target: 'upnp:rootdevice',
    usn: `${simulatedUdn}::upnp:rootdevice`,
  } as const;
  const tell = (bootId: string, from: string, usn: string = alive.usn) =>
    driver.heard(buildSsdp({ ...alive, usn, bootId }), from);
  tell('1', igd.address);
  tell('2', '192.168.1.66');
  tell('2', igd.address, 'uuid:other::upnp:rootdevice');
  driver.heard(Buffer.from('nonsense'), igd.address);
  await bench.clock.pass(6_000);
  assert.deepEqual(loopback.told, []);
  tell('2', igd.address);
  tell('2', igd.address);
  await bench.clock.pass(6_000);
  assert.deepEqual(loopback.told, ['home-1: it was started again']);
  const { ours, unsure } = await session.observe(openings, look());
  assert.deepEqual([ours, unsure?.map(({ id }) => id)], [[], [bench.wish6(1).id]]);
});

test('a gateway that is gone: refused as offline where nothing was sent, unreachable where it was to be looked at', async () => {
  const bench = await openBench();
  const [opening] = grants(await bench.change({ open: [bench.wish(0)] }));
  await bench[Symbol.asyncDispose]();
  for (const parts of [{ open: [bench.wish(1)] }, { renew: [opening] }, { close: [opening] }])
    assert.equal(refusalIn(await bench.change(parts)).code, 'gateway-offline', Object.keys(parts)[0]);
  await assert.rejects(bench.session.observe([opening], look()), { name: 'Unreachable' });
  await assert.rejects(bench.session.addresses(look()), { name: 'Unreachable' });
});

test('an address that changed: told, and mappings on the old one are not renewed', async () => {
  await using bench = await openBench();
  const openings = grants(await bench.change({ open: [bench.wish(0)] }));
  bench.igd.externalAddress = '203.0.113.2';
  assert.match(refusalIn(await bench.change({ renew: openings })).message, /has the address 203\.0\.113\.2 now/);
  assert.deepEqual((await bench.session.addresses(look())).global, ['203.0.113.2']);
  assert.equal((await bench.session.observe(openings, look())).ours[0]?.opening.global.address, '203.0.113.2');
  bench.igd.externalAddress = '0.0.0.0';
  assert.deepEqual((await bench.session.addresses(look())).global, []);
  assert.match(refusalIn(await bench.change({ open: [bench.wish(1)] })).message, /no address on the internet/);
});

test('a mapping of another program on this device is not overwritten, nor closed as ours', async () => {
  await using bench = await openBench();
  const other = {
    remoteHost: '203.0.113.10',
    externalPort: 5000,
    protocol: 'udp' as const,
    internalPort: 9_999,
    internalClient: '192.168.1.2',
    enabled: true,
    description: 'torrent',
    leaseSeconds: 0,
  };
  bench.igd.tables.add(other);
  assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'port-in-use');
  const { globalPort: _, ...anyPort } = bench.wish(0);
  const [picked] = grants(await bench.change({ open: [anyPort] }));
  assert.notEqual(picked.globalPort, 5000);
  const pretended = {
    ...picked,
    id: 's000000000bbbbbbbbbbbb-0',
    globalPort: 5000,
    global: { ...picked.global, port: 5000 },
  };
  assert.equal((await bench.change({ close: [pretended] })).kind, 'applied');
  const { ours, foreign } = await bench.session.observe([picked], look());
  assert.deepEqual([ours.length, foreign, bench.igd.tables.held.length], [1, 1, 2]);
});

test('nothing is sent for an opening that would be too wide', async () => {
  await using bench = await openBench();
  for (const lacked of ['remotePort', 'streamType'] as const) {
    const strict = { ...bench.wish(0), streamType: 'rtp' as const, mayLack: byType.filter((name) => name !== lacked) };
    assert.equal(refusalIn(await bench.change({ open: [strict] })).code, 'cannot-hold', lacked);
  }
  assert.ok(!bench.igd.asked.some((action) => action.startsWith('Add')), bench.igd.asked.join());
});
