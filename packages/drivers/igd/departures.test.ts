import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PromiseName } from '@sluice/model';
import { grants, refusalIn } from '../../port-control/test/openings.ts';
import { byType, look, openBench } from './test/bench.ts';

const mayLack = (...names: PromiseName[]) => ({ mayLack: [...byType, ...names] });

describe('leases', () => {
  test('a gateway that keeps no lease (725): refused, or with leave without one, and then ours to close', async () => {
    await using bench = await openBench({ version: 1, permanentOnly: true });
    assert.deepEqual(bench.session.traits?.lease, { leastSeconds: 1, mostSeconds: 604_800 });
    assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'cannot-hold');
    assert.equal(bench.session.traits?.lease, undefined, 'from now on it is known');
    assert.equal(bench.igd.tables.held.length, 0);
    const openings = grants(await bench.change({ open: [bench.wish(0, mayLack('lease'))] }));
    assert.deepEqual(openings[0].lacks, ['lease']);
    assert.equal(openings[0].until, bench.wish(0).until, 'who closes it is told when');
    assert.equal(bench.igd.tables.held[0]?.end, undefined);
    await bench.clock.pass(300_000);
    const { ours } = await bench.session.observe(openings, look());
    assert.deepEqual(
      ours.map(({ opening }) => opening.until),
      [openings[0].until],
    );
    grants(await bench.change({ renew: openings }));
    await bench.forget();
    assert.equal((await bench.session.observe([], look())).ours.length, 1, 'a restarted appliance finds it');
    assert.equal((await bench.change({ close: openings })).kind, 'applied');
    assert.equal(bench.igd.tables.held.length, 0);
  });

  test('a gateway that makes every lease one for ever is found out when it is read back', async () => {
    await using bench = await openBench({ forgetsLeases: true });
    assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'cannot-hold');
    assert.equal(bench.igd.tables.held.length, 0, 'and nothing of it is left');
    const [opening] = grants(await bench.change({ open: [bench.wish(0, mayLack('lease'))] }));
    assert.deepEqual(opening.lacks, ['lease']);
  });

  test('a gateway that finds a lease an invalid argument (402) is asked without, where the opening may lack it', async () => {
    await using bench = await openBench({ version: 1, findsLeasesInvalid: true });
    assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'gateway-refused');
    const [opening] = grants(await bench.change({ open: [bench.wish(0, mayLack('lease'))] }));
    assert.deepEqual(opening.lacks, ['lease']);
  });

  test('one that is known to keep none is not asked to', async () => {
    await using bench = await openBench({
      version: 1,
      permanentOnly: true,
      server: 'RouterOS/7.16UPnP/1.0 MikroTik UPnP/1.0',
    });
    assert.equal(bench.session.traits?.lease, undefined);
    grants(await bench.change({ open: [bench.wish(0, mayLack('lease'))] }));
    assert.deepEqual(bench.igd.asked.filter((action) => action === 'AddPortMapping').length, 1);
    assert.equal(refusalIn(await bench.change({ open: [bench.wish(1)] })).code, 'cannot-hold');
  });

  test('a gateway that shortens leases: the end is the one that it keeps', async () => {
    await using bench = await openBench({ mostLeaseSeconds: 30 });
    const asked = bench.wish(0);
    const openings = grants(await bench.change({ open: [asked] }));
    assert.equal(openings[0].until, asked.until - 30_000);
    await bench.clock.pass(20_000);
    const [renewed] = grants(await bench.change({ renew: openings }));
    assert.equal(renewed.until, bench.clock.now() + 30_000);
    await bench.clock.pass(31_000);
    assert.deepEqual((await bench.session.observe([renewed], look())).ours, []);
  });

  test('a lease of 0, which is a week or for ever, is never asked for where leases are kept', async () => {
    await using bench = await openBench();
    const ended = bench.wish(0, { until: bench.clock.now() - 5_000 });
    const [opening] = grants(await bench.change({ open: [ended] }));
    assert.ok(opening.until <= bench.clock.now() + 1_000);
    await bench.clock.pass(1_100);
    assert.equal(bench.igd.tables.held.length, 0);
  });
});

describe('who may send', () => {
  test('a gateway that takes no RemoteHost (726): refused, or with leave open to anyone, by name', async () => {
    await using bench = await openBench({ version: 1, refusesRemoteHost: true });
    assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'cannot-hold');
    assert.equal(bench.session.traits?.sourceAddress, false, 'from now on it is known');
    const openings = grants(await bench.change({ open: [bench.wish(0, mayLack('remoteAddress'))] }));
    assert.deepEqual(openings[0].lacks, ['remoteAddress']);
    assert.deepEqual(openings[0].remote, bench.wish(0).remote, 'what was asked stays');
    assert.deepEqual((await bench.session.observe(openings, look())).ours[0]?.opening.remote, openings[0].remote);
    grants(await bench.change({ renew: openings }));
    assert.equal((await bench.change({ close: openings })).kind, 'applied');
    assert.equal(bench.igd.tables.held.length, 0);
  });

  test('a gateway that takes it and lets anyone in shows that, and nothing of it is left', async () => {
    for (const more of [
      {},
      { noRangeList: true },
      { version: 1 },
      { noSpecificLook: true, noRangeList: true },
    ] as const) {
      await using bench = await openBench({ ignoresRemoteHost: true, ...more });
      assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'cannot-hold', JSON.stringify(more));
      assert.equal(bench.igd.tables.held.length, 0, JSON.stringify(more));
      assert.equal(bench.session.traits?.sourceAddress, false);
      const [wide] = grants(await bench.change({ open: [bench.wish(0, mayLack('remoteAddress'))] }));
      assert.deepEqual(wide.lacks, ['remoteAddress']);
    }
  });

  test('one that never shows it is believed only where the table of quirks says that it filters', async () => {
    await using stranger = await openBench({ hidesRemoteHost: true });
    assert.equal(refusalIn(await stranger.change({ open: [stranger.wish(0)] })).code, 'cannot-hold');
    const miniupnpd = 'Debian/12 UPnP/1.1 MiniUPnPd/2.3.1';
    await using known = await openBench({ hidesRemoteHost: true, conflictsWithItself: true, server: miniupnpd });
    const openings = grants(await known.change({ open: [known.wish(0)] }));
    assert.equal(openings[0].lacks, undefined);
    grants(await known.change({ renew: openings }));
    assert.equal(known.igd.tables.held[0]?.remoteHost, '203.0.113.10', 'renewed anew, and as narrow');
  });

  test('a restart that loses it is seen, told, and put right', async () => {
    for (const more of [{}, { hidesRemoteHost: true, server: 'x UPnP/1.1 MiniUPnPd/2.3.9' }] as const) {
      await using bench = await openBench({ forgetsRemoteHostAtRestart: true, ...more });
      const openings = grants(await bench.change({ open: [bench.wish(0)] }));
      await bench.clock.pass(10_000);
      bench.igd.restart();
      assert.match(refusalIn(await bench.change({ renew: openings })).message, /anyone/);
      const [seen] = (await bench.session.observe(openings, look())).ours;
      assert.deepEqual(seen?.opening.remote, { address: '0.0.0.0' });
      assert.equal((await bench.change({ close: [seen.opening] })).kind, 'applied');
      grants(await bench.change({ open: [bench.wish(0)] }));
      assert.equal(bench.igd.tables.held[0]?.remoteHost, '203.0.113.10');
      const later = (await bench.session.observe(openings, look())).ours[0]?.opening.remote;
      assert.deepEqual(later, openings[0].remote);
    }
  });

  test('a restart that left everything as it was costs one renewal', async () => {
    await using bench = await openBench();
    const openings = grants(await bench.change({ open: [bench.wish(0)] }));
    bench.igd.bootId++;
    grants(await bench.change({ renew: openings }));
  });
});

describe('ports', () => {
  test('a gateway that wants the same port inside and outside (724)', async () => {
    await using bench = await openBench({ version: 1, samePorts: true });
    grants(await bench.change({ open: [bench.wish(0)] }));
    const refusal = refusalIn(await bench.change({ open: [bench.wish(1, { globalPort: 6_000 })] }));
    assert.deepEqual([refusal.code, /same number/.test(refusal.message)], ['gateway-refused', true]);
  });

  test('a gateway of version 2 that picks no ports is asked for the one that it would pick', async () => {
    await using bench = await openBench({ noAnyPort: true });
    const { globalPort: _, ...anyPort } = bench.wish(0);
    assert.equal(grants(await bench.change({ open: [anyPort] }))[0].globalPort, 5_000);
    assert.deepEqual(bench.session.traits?.portAgreement, ['propose'], 'from now on it is known');
  });

  test('no picking with version 1; none without port at all', async () => {
    await using bench = await openBench({ version: 1 });
    const { globalPort: _, ...anyPort } = bench.wish(0);
    assert.equal(refusalIn(await bench.change({ open: [anyPort] })).code, 'trait-missing');
    assert.ok(!bench.igd.asked.includes('AddPortMapping'));
  });
});

describe('what a gateway shows', () => {
  test('by whatever action it has, ours are found and others counted', async () => {
    for (const departures of [
      { version: 1 },
      { ppp: true, version: 1 },
      { noRangeList: true },
      { noSpecificLook: true },
    ] as const) {
      await using bench = await openBench(departures);
      const openings = grants(await bench.change({ open: [bench.wish(0), bench.wish(1, { streamType: 'tcp' })] }));
      bench.igd.tables.add({
        remoteHost: '',
        externalPort: 9_000,
        protocol: 'tcp',
        internalPort: 9_000,
        internalClient: '192.168.1.3',
        enabled: true,
        description: 'another <one> & more',
        leaseSeconds: 0,
      });
      const { ours, foreign } = await bench.session.observe(openings, look());
      assert.deepEqual(
        ours.map(({ opening }) => opening),
        openings,
        JSON.stringify(departures),
      );
      assert.equal(foreign, 1);
      assert.equal((await bench.change({ close: openings })).kind, 'applied');
      assert.equal(bench.igd.tables.held.length, 1);
    }
  });

  test('a description that was cut short is still ours', async () => {
    await using bench = await openBench({ cutsDescriptionTo: 26 });
    const openings = grants(await bench.change({ open: [bench.wish(0)] }));
    assert.deepEqual((await bench.session.observe(openings, look())).ours.length, 1);
    grants(await bench.change({ renew: openings }));
    assert.equal((await bench.change({ close: openings })).kind, 'applied');
    assert.equal(bench.igd.tables.held.length, 0);
  });

  test('one that was cut to nothing is not called ours: what cannot be known again is not opened', async () => {
    await using bench = await openBench({ cutsDescriptionTo: 4 });
    assert.equal(refusalIn(await bench.change({ open: [bench.wish(0)] })).code, 'gateway-refused');
    assert.equal(bench.igd.tables.held.length, 0);
  });

  test('pinholes that cannot be looked at by their packets are looked at by whether they work', async () => {
    await using bench = await openBench({ noPinholeLook: true });
    const openings = grants(await bench.change({ open: [bench.wish6(0)] }));
    assert.equal((await bench.session.observe(openings, look())).ours.length, 1);
    assert.equal((await bench.change({ close: openings })).kind, 'applied');
  });

  test('pinholes that a renewal would widen are renewed by making them anew', async () => {
    await using bench = await openBench({ mixesUpPinholes: true, server: 'x UPnP/1.1 MiniUPnPd/2.3.5' });
    const openings = grants(await bench.change({ open: [bench.wish6(0)] }));
    await bench.clock.pass(30_000);
    const renewed = grants(await bench.change({ renew: openings }));
    await bench.clock.pass(60_000);
    assert.deepEqual(
      bench.igd.tables.heldPinholes.map(({ remotePort }) => remotePort),
      [7_000],
    );
    // Asked for again by who knows no number, it would be another: it is left to its lease, and that is said.
    await bench.forget();
    assert.match(refusalIn(await bench.change({ close: renewed })).message, /ends with its lease/);
  });

  test('no pinholes, no IPv6', async () => {
    await using bench = await openBench({ noFirewall: true }, { windowMs: 50 });
    assert.equal(refusalIn(await bench.change({ open: [bench.wish6(0)] })).code, 'trait-missing');
    assert.deepEqual(bench.session.traits?.families, [4]);
  });
});
