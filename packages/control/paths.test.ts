import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GrantedOpening } from '@sluice/model';
import { filmRequest, filmRequest6, patient } from './test/home.ts';
import { homeNetworks, openRow } from './test/row.ts';
import { type Mishap, strongTraits } from './test/simulated-gateway.ts';

const portsOf = (openings: readonly GrantedOpening[]) => openings.map(({ globalPort }) => globalPort);
const targetsOf = (openings: readonly GrantedOpening[]) =>
  openings.map(({ local }) => `${local.address} ${local.port}`);

test('two NATs in a row: each hop leads to the one before it, the first to the device', async () => {
  await using row = await openRow();
  const { inner, outer, control, until } = row;
  const verdict = await until(control.open(filmRequest('r1'), patient));
  assert.equal(verdict.kind, 'granted');
  assert.deepEqual(
    targetsOf(inner.held),
    [5000, 5001, 5002, 5003, 5004].map((port) => `192.168.1.2 ${port}`),
  );
  assert.deepEqual(
    targetsOf(outer.held),
    portsOf(inner.held).map((port) => `10.0.0.2 ${port}`),
  );
  assert.ok(outer.held.every(({ remote }, index) => remote.port === inner.held[index]?.remote.port));
  const [rtp = 1, rtcp] = portsOf(outer.held);
  assert.deepEqual([rtp % 2, rtcp], [0, rtp + 1], 'RTP and RTCP on a port and the next, on the outermost hop');
  const { session } = verdict;
  assert.deepEqual(session?.hops, [{ gatewayId: 'self::inner' }, { gatewayId: 'self::outer' }]);
  assert.deepEqual(
    session?.openings.map(({ hop = 0 }) => hop),
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
  );
  assert.equal(new Set(session?.openings.map(({ id }) => id)).size, 10);
  const consents = [inner, outer].map(({ applied }) => applied[0]?.open.every(({ flow }) => flow !== undefined));
  assert.deepEqual(consents, [true, true]);
  const closed = await until(control.close(session?.sessionId ?? '', 'revoked', patient));
  assert.equal(closed?.state, 'closed');
  assert.deepEqual([inner.held, outer.held], [[], []]);
});

test('what the device signed goes to the gateway that sees the device, and to no other', async () => {
  await using row = await openRow();
  const { inner, outer, control, until } = row;
  await until(control.open(filmRequest('r1', { consent: 'signed' }), patient));
  assert.ok(inner.applied[0]?.open.every(({ consent }) => consent === 'signed'));
  assert.ok(outer.applied[0]?.open.every((opening) => !('consent' in opening)));
});

test('a firewall in front of the router admits what the router translates', async () => {
  await using row = await openRow({ translates: false });
  const { inner, outer, control, until } = row;
  inner.addresses = { ...homeNetworks, global: ['198.51.100.2'] };
  outer.addresses = { global: [], local: [{ address: '198.51.100.0', length: 24 }], own: ['198.51.100.1'] };
  const { flow } = filmRequest('r1');
  const seen = { ...flow, observed: { address: '198.51.100.2', port: 40_000 } };
  const verdict = await until(control.open(filmRequest('r1', { flow: seen }), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual(
    targetsOf(outer.held),
    portsOf(inner.held).map((port) => `198.51.100.2 ${port}`),
  );
  assert.deepEqual(portsOf(outer.held), portsOf(inner.held));
  const astray = filmRequest('r2', { flow });
  const refused = await until(control.open(astray, patient));
  assert.equal(refused.kind === 'refused' && refused.refusal.code, 'path-mismatch');
});

test('a firewall behind the router admits what comes to the device', async () => {
  await using row = await openRow({}, { translates: false });
  const { inner, outer, control, until } = row;
  inner.addresses = { ...homeNetworks, global: [] };
  outer.addresses = { ...outer.addresses, local: [{ address: '192.168.0.0', length: 16 }] };
  const verdict = await until(control.open(filmRequest('r1'), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual(targetsOf(inner.held), targetsOf(outer.held));
  assert.deepEqual(portsOf(inner.held), [5000, 5001, 5002, 5003, 5004]);
  const unknown = await until(control.open(filmRequest('r2', { localAddresses: [] }), patient));
  assert.equal(unknown.kind === 'refused' && unknown.refusal.code, 'local-address-needed');
});

test('IPv6: every hop admits the device itself', async () => {
  await using row = await openRow();
  const { inner, outer, control, until } = row;
  const verdict = await until(control.open(filmRequest6('r1'), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual(
    targetsOf(outer.held),
    [5000, 5001, 5002, 5003, 5004].map((port) => `2001:db8:100::2 ${port}`),
  );
  assert.deepEqual(targetsOf(inner.held), targetsOf(outer.held));
});

test('a row of gateways that cannot be one is refused in a sentence', async () => {
  await using row = await openRow();
  const { inner, control, until } = row;
  inner.addresses = { ...homeNetworks, global: ['172.16.5.5'] };
  const refused = await until(control.open(filmRequest('r1'), patient));
  assert.deepEqual(refused.kind === 'refused' && refused.refusal, {
    code: 'path-mismatch',
    message:
      'self::inner is registered behind self::outer, and has no address in a network of that one; correct what it is behind',
    subject: 'self::inner',
  });
  inner.addresses = { ...homeNetworks, global: ['10.0.0.1'] };
  const itself = await until(control.open(filmRequest('r2'), patient));
  assert.equal(itself.kind === 'refused' && itself.refusal.code, 'path-mismatch');
  assert.deepEqual([...inner.applied, ...row.outer.applied], [], 'no gateway was asked');
  const { registrations } = control;
  const around = await registrations.putGateway({ ...row.outer.gateway, behind: 'self::inner' });
  assert.equal(around?.code, 'path-mismatch');
  const nowhere = await registrations.putGateway({ ...row.outer.gateway, behind: 'self::nobody' });
  assert.equal(nowhere?.code, 'gateway-unknown');
  assert.equal((await registrations.forgetGateway('self::outer'))?.code, 'request-conflict');
});

/** What may go wrong at one hop between the request and the verdict. */
const mishaps: readonly (Mishap & { readonly granted?: true })[] = [
  { kind: 'request-lost' },
  { kind: 'answer-lost', granted: true },
  { kind: 'cut', granted: true },
  { kind: 'cut', offline: true },
  { kind: 'refuse', refusal: { code: 'quota-exceeded', message: 'no' } },
  { kind: 'refuse', refusal: { code: 'lease-too-long', message: 'no' } },
  { kind: 'twist', twist: (opening) => ({ ...opening, remote: { address: '203.0.113.66' } }) },
  { kind: 'twist', twist: () => undefined },
];

for (const where of ['inner', 'outer'] as const)
  for (const mishap of mishaps)
    test(`${where}: ${mishap.kind}: every hop holds, or none does`, async () => {
      await using row = await openRow();
      row[where].mishaps.push(mishap);
      const began = row.clock.now();
      const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
      assert.equal(verdict.kind, mishap.granted ? 'granted' : 'refused', JSON.stringify(verdict));
      assert.ok(row.clock.now() - began <= 16_000, 'the verdict came in time');
      const held = () => row.inner.held.length + row.outer.held.length;
      if (mishap.granted) assert.equal(held(), 10);
      else {
        // What cannot be reached ends with its provisional lease.
        for (let waited = 0; held() > 0; waited += 100) {
          assert.ok(waited <= 10_000, `${held()} openings stayed`);
          await row.clock.pass(100);
        }
        await row.clock.pass(20_000);
        assert.equal((await row.control.session(verdict.session?.sessionId ?? ''))?.state, 'refused');
      }
      if (mishap.granted) {
        await row.until(row.control.close(verdict.session?.sessionId ?? '', 'revoked', patient));
        assert.equal(held(), 0);
      }
    });

test('a hop that is offline from the start: the other is asked for nothing', async () => {
  for (const where of ['inner', 'outer'] as const) {
    await using row = await openRow();
    row[where].online = false;
    const refused = await row.until(row.control.open(filmRequest('r1'), patient));
    assert.equal(refused.kind === 'refused' && refused.refusal.code, 'gateway-offline');
    assert.deepEqual([...row.inner.applied, ...row.outer.applied], []);
  }
});

test('a port that is taken at one hop is chosen anew, and the other hop follows', async () => {
  for (const where of ['inner', 'outer'] as const) {
    await using row = await openRow();
    for (let port = 5_000; port < 5_005; port++) row[where].portsOfOthers.add(port);
    for (let port = 16_384; port < 25_000; port++) row[where].portsOfOthers.add(port);
    const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
    assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
    assert.deepEqual(
      targetsOf(row.outer.held),
      portsOf(row.inner.held).map((port) => `10.0.0.2 ${port}`),
    );
  }
});

test('a filter at one hop is enough, a lease is needed at every one', async () => {
  await using open = await openRow({}, { sourceAddress: false, sourcePort: false, streamTypes: false });
  const verdict = await open.until(open.control.open(filmRequest('r1'), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.equal(verdict.session?.holding?.held.remoteAddress, true);
  const note =
    'of the gateways in a row only self::outer keeps out who is not the server: anyone between it and self::inner';
  assert.deepEqual(
    verdict.session?.holding?.notes.filter((each) => each.includes('in a row')),
    [`${note} may send to the open ports`],
  );
  const lacking = open.inner.applied[0]?.open[0]?.mayLack;
  assert.ok(lacking?.includes('remoteAddress'), 'the inner gateway may lack what the outer one keeps');
  assert.ok(!open.outer.applied[0]?.open[0]?.mayLack?.includes('remoteAddress'));
  const { lease: _, ...leaseless } = strongTraits;
  await using unleased = await openRow({}, {});
  Object.defineProperty(unleased.inner, 'traits', { value: leaseless });
  const refused = await unleased.until(unleased.control.open(filmRequest('r1'), patient));
  assert.equal(refused.kind === 'refused' && refused.refusal.code, 'cannot-hold');
});

test('every hop is renewed; one that is away is not mourned before its lease ends, and then both are closed', async () => {
  await using row = await openRow();
  const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
  const id = verdict.session?.sessionId ?? '';
  await row.clock.pass(300_000);
  assert.deepEqual([row.inner.held.length, row.outer.held.length], [5, 5]);
  row.outer.online = false;
  row.outer.disconnect();
  await row.clock.pass(50_000);
  assert.equal((await row.control.session(id))?.state, 'open');
  await row.clock.pass(100_000);
  assert.deepEqual([row.inner.held.length, row.outer.held.length], [0, 0]);
  // A renewal that was not answered may have been heard.
  await row.clock.pass(150_000);
  const ended = await row.control.session(id);
  assert.deepEqual([ended?.state, ended?.closeReason], ['closed', 'gateway-lost']);
});

test('a hop that lost its rows gets them back, and the session stays', async () => {
  for (const where of ['inner', 'outer'] as const) {
    await using row = await openRow();
    const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
    const before = targetsOf(row[where].held);
    row[where].reboot();
    const put = await row.until(row.control.gatewayCameBack(row[where].gateway.gatewayId, patient));
    assert.deepEqual([put.complete, put.putBack], [true, 5]);
    assert.deepEqual(targetsOf(row[where].held), before);
    assert.equal((await row.control.session(verdict.session?.sessionId ?? ''))?.state, 'open');
    await row.clock.pass(300_000);
    assert.deepEqual([row.inner.held.length, row.outer.held.length], [5, 5]);
  }
});

test('what the household closes at one hop is closed at every one', async () => {
  await using row = await openRow();
  const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
  const [lost] = row.outer.held;
  row.outer.lose(lost?.id ?? '');
  row.control.openingsGone('self::outer', [lost?.id ?? '']);
  await row.clock.pass(1_000);
  assert.deepEqual([row.inner.held, row.outer.held], [[], []]);
  assert.equal((await row.control.session(verdict.session?.sessionId ?? ''))?.closeReason, 'household');
});

test('a server that starts again takes every hop up', async () => {
  await using row = await openRow();
  const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
  const id = verdict.session?.sessionId ?? '';
  await row.restart();
  await row.clock.pass(300_000);
  assert.deepEqual([row.inner.held.length, row.outer.held.length], [5, 5]);
  for (const gatewayId of ['self::inner', 'self::outer'])
    assert.deepEqual(
      (await row.control.sessions({ gatewayId })).map(({ sessionId }) => sessionId),
      [id],
    );
  assert.equal((await row.control.openings({ gatewayId: 'self::outer' })).length, 5);
  await row.until(row.control.close(id, 'revoked', patient));
  assert.deepEqual([row.inner.held, row.outer.held], [[], []]);
});

test('what cannot be undone at one hop is undone when it is back', async () => {
  await using row = await openRow({}, {}, { leaseMs: 120_000 });
  const verdict = await row.until(row.control.open(filmRequest('r1'), patient));
  await row.clock.pass(1_000);
  row.outer.online = false;
  row.outer.disconnect();
  const closing = await row.until(row.control.close(verdict.session?.sessionId ?? '', 'revoked', patient));
  assert.equal(closing?.state, 'closing');
  assert.deepEqual([row.inner.held.length, row.outer.held.length], [0, 5]);
  row.outer.online = true;
  await row.until(row.control.gatewayCameBack('self::outer', patient));
  assert.deepEqual(row.outer.held, []);
  assert.equal((await row.control.session(verdict.session?.sessionId ?? ''))?.state, 'closed');
});

test('a gateway that comes back while a session is being opened is put right after it', async () => {
  await using row = await openRow();
  const { inner, outer, control, until } = row;
  outer.mishaps.push({ kind: 'slow', ms: 2_000 });
  const asking = control.open(filmRequest('r1'), patient);
  while (inner.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const back = control.gatewayCameBack('self::inner', patient);
  const verdict = await until(asking);
  await until(back);
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual([inner.held.length, outer.held.length], [5, 5]);
  assert.ok(
    inner.applied.every(({ close }) => close.length === 0),
    'nothing was taken away meanwhile',
  );
});
