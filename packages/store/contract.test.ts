import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RequestTaken, type Store } from '@sluice/control';
import { silentLog } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import { inMemoryStore, openSqliteStore } from './index.ts';
import { sampleSession } from './test/sample.ts';

const kinds: Readonly<Record<string, (folder: string) => Promise<Store>>> = {
  memory: async () => inMemoryStore(),
  sqlite: (folder) => openSqliteStore({ file: join(folder, 'store.db'), log: silentLog }),
};

/** What every store must hold. */
function holds(title: string, run: (store: Store) => Promise<void>): void {
  for (const [kind, open] of Object.entries(kinds)) {
    test(`${kind}: ${title}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
      try {
        await using store = await open(folder);
        await run(store);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
}

const gateway = (gatewayId: string, communication: Gateway['communication'] = {}): Gateway => ({
  gatewayId,
  type: 'sluice',
  communication,
});

holds('gateways and appliances are kept, replaced, and listed by id', async (store) => {
  assert.equal(await store.gateway('b'), undefined);
  for (const id of ['b', 'c', 'a']) await store.putGateway(gateway(id));
  await store.putGateway(gateway('b', { url: 'wss://b' }));
  assert.deepEqual(await store.gateway('b'), gateway('b', { url: 'wss://b' }));
  assert.deepEqual(
    (await store.gateways()).map(({ gatewayId }) => gatewayId),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    (await store.gateways({ after: 'a', limit: 1 })).map(({ gatewayId }) => gatewayId),
    ['b'],
  );
  assert.equal(await store.appliance('tv'), undefined);
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a' });
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'b' });
  await store.putAppliance({ applianceId: 'radio', gatewayId: 'b' });
  assert.deepEqual(await store.appliance('tv'), { applianceId: 'tv', gatewayId: 'b' });
  assert.deepEqual(await store.appliances({ after: 'radio' }), [{ applianceId: 'tv', gatewayId: 'b' }]);
});

holds('why a registration is believed is kept with it, until an operator makes it', async (store) => {
  const evidence = {
    by: 'appliance',
    at: 5,
    applianceId: 'tv',
    observed: '198.51.100.7',
    sightings: { router4: '192.168.1.1', hasIpv6: false, missing: { igd: 'nobody' } },
  } as const;
  await store.putGateway({ ...gateway('a'), evidence });
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a', evidence });
  assert.deepEqual(await store.gateway('a'), { ...gateway('a'), evidence });
  assert.deepEqual(await store.appliances(), [{ applianceId: 'tv', gatewayId: 'a', evidence }]);
  await store.putGateway(gateway('a'));
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a' });
  assert.deepEqual(await store.gateway('a'), gateway('a'));
  assert.deepEqual(await store.appliance('tv'), { applianceId: 'tv', gatewayId: 'a' });
});

holds('a home with several ways in is kept with them, and with who is in it', async (store) => {
  const at = [
    { address: '203.0.113.7', length: 32 },
    { address: '2001:db8:1::', length: 56 },
  ];
  await store.putGateway({ ...gateway('a'), home: { homeId: 'house', at } });
  await store.putGateway({ ...gateway('b'), home: { homeId: 'house', at: [] } });
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a', homeId: 'house' });
  assert.deepEqual(await store.gateways(), [
    { ...gateway('a'), home: { homeId: 'house', at } },
    { ...gateway('b'), home: { homeId: 'house', at: [] } },
  ]);
  assert.deepEqual(await store.appliance('tv'), { applianceId: 'tv', gatewayId: 'a', homeId: 'house' });
  await store.putGateway(gateway('a'));
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a' });
  assert.deepEqual(await store.gateway('a'), gateway('a'));
  assert.deepEqual(await store.appliance('tv'), { applianceId: 'tv', gatewayId: 'a' });
});

holds('a gateway is forgotten when no appliance is behind it any more', async (store) => {
  await store.putGateway(gateway('a'));
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a' });
  assert.equal(await store.forgetGateway('a'), 'in-use');
  assert.deepEqual(await store.gateway('a'), gateway('a'));
  assert.equal(await store.forgetAppliance('tv'), true);
  assert.equal(await store.forgetAppliance('tv'), false);
  assert.equal(await store.appliance('tv'), undefined);
  assert.equal(await store.forgetGateway('a'), 'forgotten');
  assert.equal(await store.forgetGateway('a'), 'unknown');
  assert.equal(await store.gateway('a'), undefined);
});

holds('the secrets of a gateway come back as they were, and go with it', async (store) => {
  const communication = { url: 'http://192.0.2.1:7547/', username: 'acs', password: 'p\u0000\u{1f511} "x"' };
  await store.putGateway({ gatewayId: 'a', type: 'cwmp', communication });
  assert.deepEqual(await store.gateway('a'), { gatewayId: 'a', type: 'cwmp', communication });
  await store.putGateway({ gatewayId: 'a', type: 'cwmp', communication: { ...communication, password: 'other' } });
  assert.equal((await store.gateways())[0]?.communication.password, 'other');
  await store.putGateway(gateway('a'));
  assert.deepEqual(await store.gateway('a'), gateway('a'));
});

holds('portals are kept, replaced, listed by id and forgotten', async (store) => {
  const remotes = [
    { address: '203.0.113.10', length: 32 },
    { address: '2001:db8:1::', length: 64 },
  ];
  assert.equal(await store.portal('p'), undefined);
  for (const portalId of ['q', 'p', 'r']) await store.putPortal({ portalId, remotes: [] });
  await store.putPortal({ portalId: 'p', remotes });
  assert.deepEqual(await store.portal('p'), { portalId: 'p', remotes });
  const ids = (await store.portals({ after: 'p', limit: 1 })).map(({ portalId }) => portalId);
  assert.deepEqual(ids, ['q']);
  assert.equal((await store.portals()).length, 3);
  assert.equal(await store.forgetPortal('p'), true);
  assert.equal(await store.forgetPortal('p'), false);
  assert.equal(await store.portal('p'), undefined);
});

holds('accounts are kept, replaced, listed by name and forgotten', async (store) => {
  const account = { name: 'alice', role: 'operator', passwordHash: '$argon2id$a', changedAt: 5 };
  assert.equal(await store.operator('alice'), undefined);
  await store.putOperator({ ...account, passwordHash: 'old' });
  await store.putOperator({ ...account, name: 'bob' });
  await store.putOperator(account);
  assert.deepEqual(await store.operator('alice'), account);
  assert.deepEqual(await store.operators(), [account, { ...account, name: 'bob' }]);
  assert.equal(await store.forgetOperator('alice'), true);
  assert.equal(await store.forgetOperator('alice'), false);
  assert.equal(await store.operator('alice'), undefined);
});

holds('a secret of its own is made once, also where several ask at once', async (store) => {
  const [one, same, other] = await Promise.all(['a', 'a', 'b'].map((name) => store.ownSecret(name)));
  assert.equal(one?.length, 32);
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
  assert.deepEqual(await store.ownSecret('a'), one);
});

holds('an enrolment is used once, and the newer one voids the older', async (store) => {
  const enrolment = { endpointId: 'g', role: 'gateway', names: ['g.test'], secretHash: 'aa', expiresAt: 5 };
  assert.equal(await store.enrolment('g'), undefined);
  await store.putEnrolment({ ...enrolment, secretHash: 'old' });
  await store.putEnrolment(enrolment);
  assert.deepEqual(await store.enrolment('g'), enrolment);
  assert.equal(await store.takeEnrolment('g', 'old'), false);
  const tries = await Promise.all([store.takeEnrolment('g', 'aa'), store.takeEnrolment('g', 'aa')]);
  assert.deepEqual(tries.sort(), [false, true]);
  assert.equal(await store.enrolment('g'), undefined);
});

holds('revocations are numbered, and listed from one on', async (store) => {
  assert.deepEqual(await store.revocations(0), []);
  const [first, second] = await Promise.all([
    store.addRevocation({ at: 5, endpointId: 'g' }),
    store.addRevocation({ at: 6, endpointId: 'tv', serialNumber: 'ab' }),
  ]);
  assert.deepEqual(await store.revocations(0), [first, second]);
  assert.deepEqual(await store.revocations(1), [{ sequence: 2, at: 6, endpointId: 'tv', serialNumber: 'ab' }]);
});

holds('a session is found by its id and by its request, as it was put last', async (store) => {
  const session = sampleSession(1);
  await store.putSession(session);
  assert.deepEqual(await store.session(session.sessionId), session);
  assert.deepEqual(await store.sessionOfRequest(session.request), session);
  const closed = { ...session, state: 'closed', closeReason: 'revoked' } as const;
  await store.putSession(closed);
  assert.deepEqual(await store.session(session.sessionId), closed);
  assert.equal(await store.session('s-none'), undefined);
  for (const other of [{ portalId: 'other' }, { applianceId: 'other' }, { requestId: 'other' }])
    assert.equal(await store.sessionOfRequest({ ...session.request, ...other }), undefined);
});

holds('a request has one session, and a write that is refused takes no other with it', async (store) => {
  const [first, second] = [sampleSession(1), sampleSession(2)];
  const rival = { ...sampleSession(3), request: first.request };
  const results = await Promise.allSettled([first, rival, second].map((session) => store.putSession(session)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.ok(results[1]?.status === 'rejected' && results[1].reason instanceof RequestTaken);
  assert.equal(await store.session(rival.sessionId), undefined);
  assert.deepEqual(await store.sessionOfRequest(first.request), first);
  assert.deepEqual(await store.session(second.sessionId), second);
  assert.equal((await store.openings()).length, first.openings.length + second.openings.length);
});

holds('sessions are listed by state, gateway and appliance, a page at a time', async (store) => {
  const sessions = [
    sampleSession(1),
    sampleSession(2, 'closing'),
    sampleSession(3, 'closed'),
    sampleSession(4, 'refused'),
    sampleSession(5, 'open', 'self::gateway-2'),
  ];
  await Promise.all(sessions.toReversed().map((session) => store.putSession(session)));
  const numbers = async (query?: Parameters<Store['sessions']>[0]) =>
    (await store.sessions(query)).map(({ sessionId }) => Number(sessionId.slice(1)));
  assert.deepEqual(await numbers(), [1, 2, 3, 4, 5]);
  assert.deepEqual(await numbers({ states: ['open', 'closing'] }), [1, 2, 5]);
  assert.deepEqual(await numbers({ states: [] }), []);
  assert.deepEqual(await numbers({ gatewayId: 'self::gateway-2' }), [5]);
  assert.deepEqual(await numbers({ applianceId: 'self::tv-3' }), [3]);
  assert.deepEqual(await numbers({ limit: 2 }), [1, 2]);
  assert.deepEqual(await numbers({ limit: 2, after: sessions[1]?.sessionId ?? '' }), [3, 4]);
});

holds('openings are found while their session is open or closing', async (store) => {
  const [open, other] = [sampleSession(1), sampleSession(2, 'open', 'self::gateway-2')];
  await Promise.all([open, other].map((session) => store.putSession(session)));
  const opening = open.openings[0];
  assert.ok(opening);
  const place = {
    openingId: opening.id,
    sessionId: open.sessionId,
    gatewayId: open.gatewayId,
    streamType: opening.streamType,
    global: opening.global,
    local: opening.local,
  };
  assert.deepEqual(await store.openings({ globalAddress: opening.global.address, globalPort: opening.globalPort }), [
    place,
  ]);
  assert.deepEqual(await store.openings({ globalAddress: '192.0.2.1', globalPort: opening.globalPort }), []);
  assert.equal((await store.openings({ gatewayId: 'self::gateway-2' })).length, 5);
  assert.deepEqual((await store.openings({ after: opening.id, limit: 1 }))[0]?.openingId, open.openings[1]?.id);
  await store.putSession({ ...open, state: 'closing' });
  assert.equal((await store.openings({ gatewayId: open.gatewayId })).length, 5);
  await store.putSession({ ...open, state: 'closed' });
  assert.deepEqual(await store.openings({ gatewayId: open.gatewayId }), []);
});

holds('what there is is counted', async (store) => {
  await store.putGateway(gateway('a'));
  await store.putAppliance({ applianceId: 'tv', gatewayId: 'a' });
  for (const [index, state] of (['open', 'open', 'closing', 'closed', 'refused'] as const).entries())
    await store.putSession(sampleSession(index, state));
  assert.deepEqual(await store.counts(), {
    gateways: 1,
    appliances: 1,
    sessions: { opening: 0, open: 2, closing: 1, closed: 1, refused: 1 },
    openings: 15,
  });
});

holds('ended sessions are forgotten by age, others never', async (store) => {
  const sessions = [
    sampleSession(1, 'closed'),
    sampleSession(2, 'refused'),
    sampleSession(3),
    sampleSession(4, 'closed'),
  ];
  for (const session of sessions) await store.putSession(session);
  assert.equal(await store.forgetSessions(sampleSession(4).createdAt), 2);
  assert.deepEqual(
    (await store.sessions()).map(({ sessionId }) => sessionId),
    [sessions[2]?.sessionId, sessions[3]?.sessionId],
  );
  await store.putSession({ ...sampleSession(9), request: sampleSession(1).request });
  assert.equal(await store.forgetSessions(sampleSession(4).createdAt), 0);
});
