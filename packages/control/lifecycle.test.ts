import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContentSession, type GrantedOpening, type Refusal, refuse } from '@sluice/model';
import { filmRequest, type Home, openHome, patient } from './test/home.ts';
import { strongTraits } from './test/simulated-gateway.ts';

async function openFilm(home: Home, requestId = 'r1'): Promise<ContentSession> {
  const verdict = await home.until(home.control.open(filmRequest(requestId), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  // The renewal to the full lease goes out in the background.
  await home.clock.pass(1);
  return (await home.control.session(verdict.session?.sessionId ?? '')) as ContentSession;
}

const steps = (session: ContentSession | undefined) => session?.timeline.map(({ step }) => step);

test('an opening is asked for with at most 10 s, and renewed to the full lease once the verdict is stored', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const began = home.clock.now();
  await openFilm(home);
  const [first, second] = home.gateway.applied;
  assert.deepEqual(
    first?.open.map(({ until }) => until - began),
    [10_000, 10_000, 10_000, 10_000, 10_000],
  );
  assert.deepEqual(
    second?.renew.map(({ until }) => until - began),
    [60_000, 60_000, 60_000, 60_000, 60_000],
  );
});

test('a lease is renewed at its half, in one step for all openings, and each renewal is one entry of the timeline', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  home.gateway.applied = [];
  await home.clock.pass(29_000);
  assert.equal(home.gateway.applied.length, 0);
  await home.clock.pass(1_100);
  assert.equal(home.gateway.applied.length, 1);
  assert.equal(home.gateway.applied[0]?.renew.length, 5);
  await home.clock.pass(600_000);
  assert.equal(home.gateway.held.length, 5);
  const session = await home.control.session(sessionId);
  assert.deepEqual(steps(session), ['asked', 'asking-gateway', 'opened', 'stored', 'answered', 'renewed']);
  assert.match(session?.timeline.at(-1)?.detail ?? '', /^2\d times, until /);
});

test('one durable write comes before the verdict, and later ones wait for company', async () => {
  await using home = await openHome();
  const puts: string[] = [];
  const { putSession } = home.store;
  home.store.putSession = (session) => {
    puts.push(session.state);
    return putSession.call(home.store, session);
  };
  const session = await openFilm(home);
  assert.deepEqual(puts, ['open']);
  await home.clock.pass(2_000);
  assert.deepEqual(puts, ['open', 'open'], 'the renewal');
  await home.until(home.control.close(session.sessionId, 'appliance-left', patient));
  assert.deepEqual(puts, ['open', 'open', 'closing']);
  await home.clock.pass(2_000);
  assert.deepEqual(puts, ['open', 'open', 'closing', 'closed']);
});

test('closing revokes every opening, keeps the last counters, and is harmless again', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  const closed = await home.until(home.control.close(sessionId, 'appliance-left', patient));
  assert.equal(closed?.state, 'closed');
  assert.equal(closed?.closeReason, 'appliance-left');
  assert.deepEqual(
    closed?.openings.map(({ counters }) => counters),
    Array.from({ length: 5 }, () => ({ packets: 7, bytes: 700 })),
  );
  assert.deepEqual(home.gateway.held, []);
  assert.equal((await home.until(home.control.close(sessionId, 'revoked', patient)))?.closeReason, 'appliance-left');
  await home.clock.pass(2_000);
  assert.equal((await home.store.session(sessionId))?.state, 'closed');
  assert.equal((await home.until(home.control.close(sessionId, 'revoked', patient)))?.closeReason, 'appliance-left');
  assert.equal(await home.control.close('s-none', 'revoked', patient), undefined);
});

test('a revoke does not wait for a count that does not come', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.blindness.push({ kind: 'request-lost' });
  const before = home.clock.now();
  assert.equal((await home.control.close(sessionId, 'revoked', patient))?.state, 'closed');
  assert.equal(home.clock.now(), before);
});

test('closing while the gateway is away is durable, and undone when it is back', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.online = false;
  home.gateway.disconnect();
  home.control.gatewayLost(home.gateway.gateway.gatewayId);
  const closing = await home.until(home.control.close(sessionId, 'revoked', patient));
  assert.equal(closing?.state, 'closing');
  assert.equal((await home.store.session(sessionId))?.state, 'closing');
  assert.equal(home.gateway.held.length, 5);
  home.gateway.online = true;
  const result = await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  assert.deepEqual(result, { complete: true, removed: 5, putBack: 0, held: 0, foreign: 3 });
  assert.deepEqual(home.gateway.held, []);
  assert.equal((await home.control.session(sessionId))?.state, 'closed');
});

test('closing while the gateway stays away ends with the lease', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  home.gateway.online = false;
  home.gateway.disconnect();
  await home.until(home.control.close(sessionId, 'revoked', patient));
  await home.clock.pass(61_000);
  assert.deepEqual(home.gateway.held, []);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.deepEqual(session?.timeline.at(-1)?.detail, 'its lease has ended');
});

test('a gateway without leases is closed when it is back, however long that takes', async () => {
  const { lease: _, ...traits } = strongTraits;
  await using home = await openHome({ leaseMs: 60_000, weaker: ['lease'] }, traits);
  const { sessionId, timeline } = await openFilm(home);
  assert.ok(timeline.some(({ step }) => step === 'promise-not-kept'));
  home.gateway.online = false;
  home.gateway.disconnect();
  await home.until(home.control.close(sessionId, 'revoked', patient));
  await home.clock.pass(86_400_000);
  assert.equal((await home.control.session(sessionId))?.state, 'closing');
  home.gateway.online = true;
  await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  assert.equal((await home.control.session(sessionId))?.state, 'closed');
});

test('a revoke whose answer is lost is looked after', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.mishaps.push({ kind: 'request-lost' });
  assert.equal((await home.until(home.control.close(sessionId, 'revoked', patient)))?.state, 'closed');
  assert.deepEqual(home.gateway.held, []);
  assert.ok(steps(await home.control.session(sessionId))?.includes('revoke-unanswered'));
});

test('a lost gateway keeps its sessions until their leases end, and not longer', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  home.gateway.online = false;
  home.gateway.disconnect();
  home.control.gatewayLost(home.gateway.gateway.gatewayId);
  await home.clock.pass(55_000);
  assert.equal((await home.control.session(sessionId))?.state, 'open');
  await home.clock.pass(6_000);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.equal(session?.closeReason, 'gateway-lost');
  assert.deepEqual(home.gateway.held, []);
});

test('after a boot what open sessions want is put back as it was, and the rest is left', async () => {
  await using home = await openHome();
  const kept = await openFilm(home, 'r1');
  const left = await openFilm(home, 'r2');
  const before = home.gateway.held.filter(({ id }) => id.startsWith(kept.sessionId));
  home.gateway.reboot();
  await home.until(home.control.close(left.sessionId, 'appliance-left', patient));
  const result = await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  assert.deepEqual(result, { complete: true, removed: 0, putBack: 5, held: 0, foreign: 3 });
  const ends = (rows: readonly GrantedOpening[]) =>
    rows.map(({ id, remote, global, local }) => ({ id, remote, global, local }));
  assert.deepEqual(ends(home.gateway.held), ends(before));
  assert.ok(steps(await home.control.session(kept.sessionId))?.includes('put-back'));
});

test('what cannot be put back takes its whole session with it', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.lose(`${sessionId}-2`);
  home.gateway.mishaps.push({ kind: 'refuse', refusal: refuse('paused', 'the household paused the gateway') });
  await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  await home.clock.pass(1);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.match(session?.timeline.find(({ step }) => step === 'closing')?.detail ?? '', /the household paused/);
  assert.deepEqual(home.gateway.held, []);
});

test('a new global address ends the sessions whose streams go to the old one', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.addresses = { ...home.gateway.addresses, global: ['203.0.113.99'] };
  await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  await home.clock.pass(1);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.equal(session?.closeReason, 'failed');
  assert.deepEqual(home.gateway.held, []);
});

test('openings of ours that no session wants, or that are not as it wants them, are taken away', async () => {
  await using home = await openHome();
  const session = await openFilm(home);
  const [first, second] = session.openings;
  assert.ok(first && second);
  home.gateway.plant({ ...first, id: 'sstray-0' });
  home.gateway.plant({ ...second, remote: { address: '203.0.113.66', port: 1 } });
  const result = await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  assert.deepEqual(result, { complete: true, removed: 2, putBack: 1, held: 4, foreign: 3 });
  assert.deepEqual(
    home.gateway.held.map(({ id }) => id).sort(),
    session.openings.map(({ id }) => id),
  );
  assert.deepEqual(home.gateway.held.find(({ id }) => id === second.id)?.remote, second.remote);
});

test('a gateway that answers in part is put right again later', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.lose(`${sessionId}-0`);
  home.gateway.mishaps.push({ kind: 'request-lost' });
  const result = await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  assert.equal(result.complete, false);
  await home.clock.pass(11_000);
  assert.equal(home.gateway.held.length, 5);
});

test('a renewal that finds a row gone puts the gateway right', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  home.gateway.lose(`${sessionId}-4`);
  await home.clock.pass(31_000);
  assert.equal(home.gateway.held.length, 5);
  assert.equal((await home.control.session(sessionId))?.state, 'open');
});

test('what the household closed closes the session, once it is seen to be gone', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  const { gatewayId } = home.gateway.gateway;
  home.control.openingsGone(gatewayId, [`${sessionId}-1`, 'snobody-0', '']);
  home.control.openingsGone('self::gateway-2', [`${sessionId}-1`]);
  await home.clock.pass(10);
  assert.equal((await home.control.session(sessionId))?.state, 'open', 'it is there');
  home.gateway.lose(`${sessionId}-1`);
  home.control.openingsGone(gatewayId, [`${sessionId}-1`]);
  await home.until(new Promise<void>((resolve) => setImmediate(resolve)));
  await home.clock.pass(10);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.equal(session?.closeReason, 'household');
  assert.deepEqual(home.gateway.held, []);
});

test('a session ends at its longest time, however often it is renewed', async () => {
  await using home = await openHome({ leaseMs: 60_000, longestSessionMs: 200_000 });
  const { sessionId } = await openFilm(home);
  await home.clock.pass(199_000);
  assert.equal(home.gateway.held.length, 5);
  await home.clock.pass(2_000);
  assert.deepEqual(home.gateway.held, []);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.equal(session?.closeReason, 'lease-ended');
});

test('a verdict that nobody waited for is not renewed, unless its request is asked again', async () => {
  for (const asksAgain of [false, true]) {
    await using home = await openHome();
    home.gateway.mishaps.push({ kind: 'slow', ms: 2_000 });
    const leaver = new AbortController();
    const open = home.control.open(filmRequest('r1'), leaver.signal);
    await new Promise((resolve) => setImmediate(resolve));
    leaver.abort(new Error('the portal went away'));
    await assert.rejects(open, /the portal went away/);
    await home.clock.pass(3_000);
    assert.equal(home.gateway.held.length, 5);
    if (asksAgain) assert.equal((await home.until(home.control.open(filmRequest('r1'), patient))).kind, 'granted');
    await home.clock.pass(20_000);
    assert.equal(home.gateway.held.length, asksAgain ? 5 : 0);
    const [session] = await home.control.sessions();
    assert.equal(session?.state, asksAgain ? 'open' : 'closed');
  }
});

test('the same id with another body is a conflict, under way, open and ended; another port of the flow is not', async () => {
  await using home = await openHome();
  const other = filmRequest('r1', { contentId: 'radio' });
  const retry = filmRequest('r1');
  const again = { ...retry, flow: { ...retry.flow, observed: { ...retry.flow.observed, port: 41_111 } } };
  const [first, conflict, same] = await Promise.all(
    [filmRequest('r1'), other, again].map((request) => home.control.open(request, patient)),
  );
  assert.equal(first?.kind, 'granted');
  assert.equal(conflict?.kind === 'refused' && conflict.refusal.code, 'request-conflict');
  assert.equal(same?.session?.sessionId, first?.session?.sessionId);
  const code = async () => {
    const verdict = await home.until(home.control.open(other, patient));
    return verdict.kind === 'refused' && verdict.refusal.code;
  };
  assert.equal(await code(), 'request-conflict');
  await home.until(home.control.close(first?.session?.sessionId ?? '', 'revoked', patient));
  await home.clock.pass(2_000);
  assert.equal(await code(), 'request-conflict');
  const late = await home.until(home.control.open(filmRequest('r1'), patient));
  assert.equal(late.session?.state, 'closed', 'asking again opens nothing anew');
  for (const key of [{ portalId: 'self::portal-2' }, { requestId: 'r2' }]) {
    const verdict = await home.until(home.control.open({ ...other, ...key }, patient));
    assert.notEqual(verdict.session?.sessionId, first?.session?.sessionId);
  }
});

test('quotas refuse before a packet is sent', async () => {
  await using home = await openHome({ openingsPerAppliance: 7, openingsPerGateway: 12 });
  const first = await openFilm(home);
  const sent = home.gateway.applied.length;
  const verdict = await home.until(home.control.open(filmRequest('r2'), patient));
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'quota-exceeded');
  assert.equal(home.gateway.applied.length, sent);
  await home.control.registrations.putAppliance({ applianceId: 'tablet', gatewayId: home.gateway.gateway.gatewayId });
  const tablet = (id: string) => home.until(home.control.open(filmRequest(id, { applianceId: 'tablet' }), patient));
  assert.equal((await tablet('t1')).kind, 'granted');
  await home.until(home.control.close(first.sessionId, 'appliance-left', patient));
  await home.clock.pass(2_000);
  const third = await home.until(home.control.open(filmRequest('r3'), patient));
  assert.equal(third.kind, 'granted', 'a closed session gives its share back');
  const fourth = await tablet('t2');
  assert.equal(fourth.kind === 'refused' && fourth.refusal.code, 'quota-exceeded');
});

test('addresses and portals have their quotas too', async () => {
  for (const quota of [{ openingsPerAddress: 9 }, { openingsPerPortal: 9 }]) {
    await using home = await openHome(quota);
    await openFilm(home);
    await home.control.registrations.putAppliance({ applianceId: 'tablet', gatewayId: home.gateway.gateway.gatewayId });
    const verdict = await home.until(home.control.open(filmRequest('t1', { applianceId: 'tablet' }), patient));
    assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'quota-exceeded', JSON.stringify(quota));
  }
});

test('a request is admitted once: asking again is not asked about, and what was not admitted may be asked again', async () => {
  await using home = await openHome();
  const asked: (string | undefined)[] = [];
  let refusal: Refusal | undefined;
  const open = (requestId: string, more: object = {}) =>
    home.until(
      home.control.open(filmRequest(requestId, more), patient, (_request, gatewayId) => {
        asked.push(gatewayId);
        return refusal;
      }),
    );
  refusal = { code: 'rate-limited', message: 'later', retryAfterSeconds: 3 };
  const late = await open('r1');
  assert.deepEqual(late, { kind: 'refused', refusal });
  refusal = undefined;
  const both = await Promise.all([open('r1'), open('r1')]);
  assert.deepEqual(
    both.map(({ kind }) => kind),
    ['granted', 'granted'],
  );
  await home.until(home.control.close(both[0]?.session?.sessionId ?? '', 'appliance-left', patient));
  await home.clock.pass(2_000);
  await open('r1');
  await open('r2', { applianceId: 'nobody' });
  const { gatewayId } = home.gateway.gateway;
  assert.deepEqual(asked, [gatewayId, gatewayId, undefined]);
});

test('an unknown appliance is refused and not remembered', async () => {
  await using home = await openHome();
  const verdict = await home.control.open(filmRequest('r1', { applianceId: 'self::tv-9' }), patient);
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'appliance-unknown');
  assert.deepEqual(await home.control.sessions(), []);
  const refusal = await home.control.registrations.putAppliance({ applianceId: 'a', gatewayId: 'self::gateway-9' });
  assert.equal(refusal?.code, 'gateway-unknown');
});

test('a gateway of a type that nobody speaks is refused by name, and nothing is remembered', async () => {
  await using home = await openHome();
  await home.control.registrations.putGateway({ gatewayId: 'box', type: 'cwmp', communication: {} });
  await home.control.registrations.putAppliance({ applianceId: 'self::tv-1', gatewayId: 'box' });
  const verdict = await home.control.open(filmRequest('r1'), patient);
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'gateway-unspoken');
  assert.match(verdict.kind === 'refused' ? verdict.refusal.message : '', /type cwmp/);
  assert.deepEqual(await home.control.sessions(), []);
});

test('a verdict that cannot be stored is none: nothing stays open, and the error is told', async () => {
  await using home = await openHome();
  const { putSession } = home.store;
  home.store.putSession = () => Promise.reject(new Error('the disk is full'));
  await assert.rejects(home.until(home.control.open(filmRequest('r1'), patient)), /the disk is full/);
  assert.deepEqual(home.gateway.held, []);
  await home.clock.pass(2_000);
  home.store.putSession = putSession;
  const again = await home.until(home.control.open(filmRequest('r1'), patient));
  assert.equal(again.kind, 'granted');
});

test('a verdict that fails after everybody left is nobody’s fault', async () => {
  await using home = await openHome();
  const { putSession } = home.store;
  home.store.putSession = () => Promise.reject(new Error('the disk is full'));
  await assert.rejects(home.control.open(filmRequest('r1'), AbortSignal.abort(new Error('left'))), /left/);
  // An error that nobody heard would come up in these turns, and fail the test.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(home.gateway.applied.length, 2, 'opened, and taken back');
  await home.clock.pass(2_000);
  assert.deepEqual(home.gateway.held, []);
  home.store.putSession = putSession;
});

test('after a restart sessions go on: renewed, closed, or undone', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const kept = await openFilm(home, 'r1');
  const closed = await openFilm(home, 'r2');
  home.gateway.online = false;
  home.gateway.disconnect();
  await home.until(home.control.close(closed.sessionId, 'revoked', patient));
  await home.restart();
  home.gateway.online = true;
  const result = await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  assert.deepEqual(result, { complete: true, removed: 5, putBack: 0, held: 5, foreign: 3 });
  await home.clock.pass(200_000);
  assert.deepEqual(
    home.gateway.held.map(({ id }) => id).sort(),
    kept.openings.map(({ id }) => id),
  );
  assert.equal((await home.control.session(closed.sessionId))?.state, 'closed');
  const again = await home.until(home.control.open(filmRequest('r1'), patient));
  assert.equal(again.session?.sessionId, kept.sessionId);
});

test('after a restart what was being closed ends with its lease, if the gateway stays away', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  home.gateway.online = false;
  home.gateway.disconnect();
  await home.until(home.control.close(sessionId, 'revoked', patient));
  await home.restart();
  assert.equal((await home.control.session(sessionId))?.state, 'closing');
  await home.clock.pass(130_000);
  assert.equal((await home.control.session(sessionId))?.state, 'closed');
});

test('a renewal that is answered after the close changes nothing of it', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId, until } = await openFilm(home);
  home.gateway.mishaps.push({ kind: 'slow', ms: 3_000 }, { kind: 'request-lost' });
  home.gateway.blindness.push(undefined, { kind: 'request-lost' });
  await home.clock.pass(31_000);
  await home.until(home.control.close(sessionId, 'revoked', patient));
  assert.equal((await home.control.session(sessionId))?.state, 'closing');
  await home.clock.pass(35_000);
  assert.deepEqual(home.gateway.held, []);
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.equal(session?.until, until);
});

test('after a restart a session whose gateway was removed is given up', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  await home.control.registrations.forgetAppliance('self::tv-1');
  assert.equal(await home.control.registrations.forgetGateway(home.gateway.gateway.gatewayId), undefined);
  await home.clock.pass(100_000);
  assert.equal((await home.control.session(sessionId))?.state, 'open', 'it lives on');
  await home.restart();
  const session = await home.control.session(sessionId);
  assert.equal(session?.state, 'closed');
  assert.equal(session?.timeline.at(-1)?.step, 'given-up');
  await home.clock.pass(60_000);
  assert.deepEqual(home.gateway.held, []);
});

test('after a restart that took longer than the lease the sessions have ended', async () => {
  await using home = await openHome({ leaseMs: 60_000 });
  const { sessionId } = await openFilm(home);
  await home.control[Symbol.asyncDispose]();
  await home.clock.pass(120_000);
  await home.restart();
  await home.clock.pass(10);
  assert.equal((await home.control.session(sessionId))?.state, 'closed');
});

test('putting a gateway right waits for requests under way, and those that come meanwhile wait for it', async () => {
  await using home = await openHome();
  home.gateway.mishaps.push({ kind: 'slow', ms: 2_000 });
  const first = home.control.open(filmRequest('r1'), patient);
  await new Promise((resolve) => setImmediate(resolve));
  const right = home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient);
  const second = home.control.open(filmRequest('r2'), patient);
  const [one, result, two] = await home.until(Promise.all([first, right, second]));
  assert.ok(result.complete);
  assert.equal(two.kind, 'granted');
  // The connection it was asked in was given up: what is there was seen, or is gone.
  const expected = [one, two].filter(({ kind }) => kind === 'granted').length * 5;
  await home.clock.pass(100);
  assert.equal(home.gateway.held.length, expected);
});

test('calls to put one gateway right overlap into one', async () => {
  await using home = await openHome();
  const { gatewayId } = home.gateway.gateway;
  const results = await home.until(
    Promise.all(Array.from({ length: 5 }, () => home.control.gatewayCameBack(gatewayId, patient))),
  );
  assert.ok(results.every((result) => result.complete));
  const unknown = await home.control.gatewayCameBack('self::gateway-9', patient);
  assert.equal(unknown.complete, false);
});

test('what an operator asks is answered', async () => {
  await using home = await openHome();
  const { sessionId, openings } = await openFilm(home);
  const { gatewayId } = home.gateway.gateway;
  await home.until(home.control.gatewayCameBack(gatewayId, patient));
  const { lastSeen, ...status } = home.control.gatewayStatus(gatewayId);
  assert.deepEqual(status, { online: true, openings: 5, foreign: 3, addresses: home.gateway.addresses });
  assert.ok(lastSeen);
  assert.deepEqual(home.control.gatewayStatus('self::gateway-9'), { online: false, openings: 0 });
  assert.deepEqual(await home.control.status(), {
    gateways: 1,
    appliances: 1,
    sessions: { opening: 0, open: 1, closing: 0, closed: 0, refused: 0 },
    openings: 5,
    online: 1,
  });
  const [opening] = openings;
  assert.ok(opening);
  const places = await home.control.openings({ gatewayId, globalPort: opening.globalPort });
  assert.deepEqual(
    places.map(({ openingId }) => openingId),
    [opening.id],
  );
  const looked = await home.until(home.control.look(sessionId, patient));
  assert.deepEqual(looked?.openings[0]?.counters, { packets: 7, bytes: 700 });
  home.control.gatewayLost(gatewayId);
  assert.equal(home.control.gatewayStatus(gatewayId).online, false);
});

test('ended sessions are forgotten after their time', async () => {
  await using home = await openHome({ rememberMs: 86_400_000 });
  const { sessionId } = await openFilm(home);
  await home.until(home.control.close(sessionId, 'revoked', patient));
  await home.clock.pass(80_000_000);
  assert.ok(await home.control.session(sessionId));
  await home.clock.pass(10_800_000);
  assert.equal(await home.control.session(sessionId), undefined);
});

test('a gateway that is registered anew is spoken to in its new way', async () => {
  await using home = await openHome();
  await openFilm(home);
  await home.control.registrations.putGateway({ ...home.gateway.gateway, communication: { portAgreement: 'propose' } });
  assert.equal(home.control.gatewayStatus(home.gateway.gateway.gatewayId).online, false);
  const second = await openFilm(home, 'r2');
  assert.ok(steps(second)?.includes('proposing-ports'));
  assert.equal(home.gateway.held.length, 10);
});
