import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContentSession, type ProbeFindings, promiseNames, type Traits } from '@sluice/model';
import type { ControlSettings, Probe } from './index.ts';
import { filmRequest, type Home, openHome, patient } from './test/home.ts';
import { strongTraits } from './test/simulated-gateway.ts';

/** As a home router with port mappings and no source filter: one thing at a time, and its word is not enough. */
const weakTraits: Traits = {
  ...strongTraits,
  sourceAddress: false,
  sourcePort: false,
  streamTypes: false,
  lease: { leastSeconds: 120, mostSeconds: 86_400 },
  atomic: false,
  ackMeansHeld: false,
  revokeStopsRunning: false,
  keepsNarrowingOverRestart: false,
  symmetricSource: false,
  portGroups: false,
  findsDevice: false,
  portAgreement: ['propose'],
};
const everything = { weaker: promiseNames };
const quiet: ProbeFindings = { fromServer: 'seen', fromOtherPort: 'not-seen', fromElsewhere: 'not-seen' };

const ask = (home: Home, id = 'r1') => home.until(home.control.open(filmRequest(id), patient));

async function openFilm(home: Home): Promise<ContentSession> {
  const verdict = await ask(home);
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.ok(verdict.session);
  return verdict.session;
}

test('a gateway that lets anyone in is refused by name, and nothing is sent to it', async () => {
  await using home = await openHome({}, weakTraits);
  const verdict = await ask(home);
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'cannot-hold');
  assert.match(verdict.kind === 'refused' ? verdict.refusal.message : '', /\(remoteAddress\)/);
  assert.deepEqual(home.gateway.applied, []);
});

test('where the policy names it, the weaker opening is made, and the session says what it cannot keep', async () => {
  await using home = await openHome(everything, weakTraits);
  const session = await openFilm(home);
  const broken = promiseNames.filter((name) => !session.holding?.held[name]);
  assert.deepEqual(
    broken,
    promiseNames.filter((name) => name !== 'lease'),
  );
  assert.equal(session.holding?.notes.length, 7);
  const told = session.timeline.filter(({ step }) => step === 'promise-not-kept').map(({ detail }) => detail);
  assert.deepEqual(told, session.holding?.notes);
  assert.deepEqual((await home.store.session(session.sessionId))?.holding, session.holding);
});

test('a gateway that cannot filter by port, or knows no stream types, serves a deployment that says nothing', async () => {
  await using home = await openHome({}, { ...strongTraits, sourcePort: false, streamTypes: false });
  const { holding } = await openFilm(home);
  assert.deepEqual(
    [holding?.held.remotePort, holding?.held.streamType, holding?.held.remoteAddress],
    [false, false, true],
  );
});

test('what a gateway says it does not hold of an opening is judged before anybody is told of it', async () => {
  const refusing = await weakerGrant(['remoteAddress'], {});
  assert.equal(refusing.code, 'cannot-hold');
  assert.deepEqual(refusing.left, []);
  const allowed = await weakerGrant(['remoteAddress'], everything);
  assert.equal(allowed.code, undefined);
  assert.equal(allowed.held?.remoteAddress, false);
});

async function weakerGrant(lacks: ['remoteAddress'], settings: Partial<ControlSettings>) {
  await using home = await openHome(settings);
  home.gateway.mishaps.push({ kind: 'twist', twist: (opening) => ({ ...opening, lacks }) });
  const verdict = await ask(home);
  return {
    code: verdict.kind === 'refused' ? verdict.refusal.code : undefined,
    held: verdict.session?.holding?.held,
    left: home.gateway.held,
  };
}

test('what the gateway was seen to hold is not looked at again, and openings are in the order of their request', async () => {
  await using home = await openHome({}, { ...strongTraits, ackMeansHeld: false });
  home.gateway.seen = true;
  home.gateway.reversed = true;
  const { timeline, openings } = await openFilm(home);
  assert.ok(!timeline.some(({ step }) => step === 'looked'));
  assert.deepEqual(
    openings.map(({ streamId }) => streamId),
    filmRequest('r').streams.map(({ id }) => id),
  );
});

test('each opening carries what it may lack, and a stored session does not', async () => {
  await using home = await openHome({ weaker: ['remotePort'] });
  const { openings } = await openFilm(home);
  assert.deepEqual(
    home.gateway.applied[0]?.open.map(({ mayLack }) => mayLack),
    Array(5).fill(['remotePort']),
  );
  assert.ok(openings.every((opening) => !('mayLack' in opening)));
});

test('openings of a gateway that does one at a time are made in order and taken back in reverse', async () => {
  await using home = await openHome(everything, weakTraits);
  const fine = undefined;
  const no = { kind: 'refuse', refusal: { code: 'gateway-refused', message: 'enough' } } as const;
  home.gateway.mishaps.push(fine, fine, no);
  const verdict = await ask(home);
  assert.equal(verdict.kind, 'refused');
  const ids = (which: 'open' | 'close') =>
    home.gateway.applied.flatMap((step) => step[which].map(({ id }) => id.at(-1)));
  assert.deepEqual(
    [ids('open'), ids('close')],
    [
      ['0', '1', '2'],
      ['1', '0'],
    ],
  );
  assert.deepEqual(home.gateway.held, []);
});

test('a gateway that gives another port than asked is asked for another, and what it gave is taken back', async () => {
  await using home = await openHome(everything, { ...weakTraits, atomic: true });
  const moved = { address: '203.0.113.1', port: 40_000 };
  home.gateway.mishaps.push({
    kind: 'twist',
    twist: (opening) => (opening.id.endsWith('-4') ? { ...opening, global: moved, globalPort: moved.port } : opening),
  });
  const { openings, timeline } = await openFilm(home);
  assert.ok(!openings.some(({ globalPort }) => globalPort === moved.port));
  assert.ok(timeline.some(({ step, detail }) => step === 'not-as-asked' && /another global port/.test(detail ?? '')));
  assert.equal(home.gateway.held.length, 5);
});

test('a lease that the gateway makes longer is told; where nobody takes the verdict it is closed when it should have ended', async () => {
  await using home = await openHome(everything, weakTraits);
  home.gateway.mishaps.push({ kind: 'slow', ms: 2_000 });
  const gone = new AbortController();
  const asked = home.control.open(filmRequest('r1'), gone.signal);
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort(new Error('the portal went away'));
  await assert.rejects(asked, /went away/);
  await home.clock.pass(5_000);
  assert.equal(home.gateway.held.length, 5);
  const [session] = await home.control.sessions();
  assert.match(session?.holding?.notes.join() ?? '', /10 s one of 120 s/);
  await home.clock.pass(10_000);
  assert.deepEqual(home.gateway.held, []);
});

test('a first lease that is long already is not renewed at once', async () => {
  await using home = await openHome({ ...everything, leaseMs: 60_000 }, weakTraits);
  const session = await openFilm(home);
  await home.clock.pass(1_000);
  assert.ok(home.gateway.applied.every(({ renew }) => renew.length === 0));
  await home.clock.pass(61_000);
  assert.equal(home.gateway.applied.filter(({ renew }) => renew.length > 0).length, 5);
  assert.equal((await home.control.session(session.sessionId))?.state, 'open');
});

test('where a renewal costs packets the full lease is there before anything is sent, and is a long one', async () => {
  const traits: Traits = { ...strongTraits, ackMeansHeld: false, renewalDisturbs: true };
  await using home = await openHome({ leaseMs: 60_000, rareLeaseMs: 600_000 }, traits);
  const { sessionId, holding } = await openFilm(home);
  const renewals = () => home.gateway.applied.flatMap(({ renew }) => renew.map(({ until }) => until));
  assert.equal(renewals().length, 5, 'before the verdict');
  assert.equal(Math.round(((renewals()[0] ?? 0) - home.clock.now()) / 1_000), 600);
  assert.match(holding?.notes.join() ?? '', /leases are of 600 s/);
  await home.clock.pass(250_000);
  assert.equal(renewals().length, 5);
  await home.clock.pass(60_000);
  assert.equal(renewals().length, 10);
  assert.equal((await home.control.session(sessionId))?.state, 'open');
});

test('a long lease does not keep a verdict that nobody takes', async () => {
  const traits: Traits = { ...strongTraits, ackMeansHeld: false, renewalDisturbs: true };
  await using home = await openHome({}, traits);
  home.gateway.mishaps.push({ kind: 'slow', ms: 2_000 });
  const gone = new AbortController();
  const asked = home.control.open(filmRequest('r1'), gone.signal);
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort(new Error('the portal went away'));
  await assert.rejects(asked, /went away/);
  await home.clock.pass(4_000);
  assert.equal(home.gateway.held.length, 5);
  await home.clock.pass(11_000);
  assert.deepEqual(home.gateway.held, []);
});

test('a session ends at its longest time, though the gateway would hold it on', async () => {
  await using home = await openHome({ ...everything, leaseMs: 60_000, longestSessionMs: 90_000 }, weakTraits);
  const { sessionId } = await openFilm(home);
  await home.clock.pass(92_000);
  assert.equal((await home.control.session(sessionId))?.state, 'closed');
  assert.deepEqual(home.gateway.held, []);
});

const probing: [string, ProbeFindings | undefined, Partial<ControlSettings>, string | undefined][] = [
  ['packets come in from the server alone', quiet, {}, undefined],
  ['nothing could be tried', undefined, {}, undefined],
  ['the server is not heard', { ...quiet, fromServer: 'not-seen' }, {}, 'probe-lost'],
  [
    'the server is not heard, and anything may be weaker',
    { ...quiet, fromServer: 'not-seen' },
    everything,
    'probe-lost',
  ],
  ['another address comes in', { ...quiet, fromElsewhere: 'seen' }, {}, 'cannot-hold'],
  ['another address comes in, as allowed', { ...quiet, fromElsewhere: 'seen' }, everything, undefined],
  ['another port comes in', { ...quiet, fromOtherPort: 'seen' }, {}, undefined],
  ['another port comes in, against the policy', { ...quiet, fromOtherPort: 'seen' }, { weaker: [] }, 'cannot-hold'],
];
for (const [title, findings, settings, code] of probing) {
  test(`a gateway whose word is not enough is probed: ${title}`, async () => {
    const asked: Parameters<Probe>[0][] = [];
    const probe: Probe = async (granted) => {
      asked.push(granted);
      return findings;
    };
    await using home = await openHome(settings, { ...strongTraits, ackMeansHeld: false }, probe);
    const verdict = await ask(home);
    assert.equal(verdict.kind === 'refused' ? verdict.refusal.code : undefined, code);
    assert.equal(home.gateway.held.length, code === undefined ? 5 : 0);
    assert.equal(asked[0]?.openings.length, 5);
    if (code === undefined) assert.deepEqual(verdict.session?.holding?.probes, findings);
  });
}

test('a gateway that reads its kernel before it answers is not probed', async () => {
  const probe: Probe = () => assert.fail('probed');
  await using home = await openHome({}, strongTraits, probe);
  assert.equal((await openFilm(home)).holding?.probes, undefined);
});

test('what was put back less tightly than the policy lets it is closed', async () => {
  await using home = await openHome();
  const { sessionId } = await openFilm(home);
  home.gateway.reboot();
  home.gateway.mishaps.push({ kind: 'twist', twist: (opening) => ({ ...opening, lacks: ['remoteAddress'] }) });
  await home.until(home.control.gatewayCameBack(home.gateway.gateway.gatewayId, patient));
  await home.clock.pass(1_000);
  const session = await home.control.session(sessionId);
  assert.deepEqual([session?.state, session?.closeReason], ['closed', 'failed']);
  assert.deepEqual(home.gateway.held, []);
});
