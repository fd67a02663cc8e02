import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { LearnedKeys } from '../consent/learned-keys.ts';
import { askHousehold, serveHousehold } from '../io/household-socket.ts';
import { pauseMark } from '../io/pause-mark.ts';
import { done, gatewayInMemory, homeNetworks, mapping, mine, pinhole, theirs } from '../test/gateway-in-memory.ts';
import { answerHousehold, type DeskGround } from './desk.ts';
import { reportAppliances, reportStatus } from './report.ts';
import { householdAppliances, householdStatus } from './status.ts';

function household(policy: object = {}) {
  const gateway = gatewayInMemory({ policy });
  const remembered: boolean[] = [];
  const appliances = new LearnedKeys({ read: () => undefined, write() {} });
  const ground: DeskGround = {
    endpointId: 'self::gateway-home',
    openings: gateway.openings,
    appliances,
    controllers: () => [{ endpointId: mine.endpointId, connected: true }],
    rememberPause: (paused) => remembered.push(paused),
  };
  return { ...gateway, ground, remembered, appliances };
}

const closed = (answer: { body: object }) => ('closed' in answer.body ? answer.body.closed : undefined);

test('the household sees beside which firewall its gateway stands, and what is wrong with that', () => {
  const { ground } = household();
  const report = (firewall: ReturnType<NonNullable<DeskGround['firewall']>>) => {
    const { body } = answerHousehold('GET', '/v1/status', { ...ground, firewall: () => firewall });
    return reportStatus(householdStatus.parse(JSON.parse(JSON.stringify(body))));
  };
  assert.doesNotMatch(report(undefined), /firewall/);
  assert.match(report({ mode: 'owner', beside: [] }), /^firewall: ours alone$/m);
  assert.match(report({ mode: 'guest', beside: ['ufw', 'Docker'] }), /^firewall: guest of ufw and Docker$/m);
  const troubled = report({ mode: 'guest', beside: [], trouble: 'it is gone' });
  assert.match(troubled, /^firewall: guest\nTROUBLE: it is gone$/m);
});

test('the household sees every opening, whoever made it', async () => {
  const { model, ground, dataPlane, clock, setNetworks } = household({ anyRemote: true, staticLeases: true });
  done(model.apply([mapping({ Alias: 'a', ExternalPort: '20000', Description: 'film' })], mine));
  const anyone = { SourcePrefixes: '', SourcePort: '-1', LeaseDuration: '0' };
  done(
    model.apply(
      [pinhole({ ...anyone, Alias: 'b' }), mapping({ Alias: 'c', Enable: 'false', InternalPort: '5001' })],
      theirs,
    ),
  );
  const [held] = dataPlane.read();
  assert.ok(held);
  dataPlane.pass(held, 2, 300);
  await clock.pass(1_000);
  const { status, body } = answerHousehold('GET', '/v1/status', ground);
  assert.equal(status, 200);
  const told = householdStatus.parse(JSON.parse(JSON.stringify(body)));
  assert.deepEqual(told.openings[0], {
    id: 'a',
    path: 'Device.NAT.PortMapping.1',
    owner: mine.endpointId,
    state: 'open',
    streamType: 'udp',
    remote: { address: '203.0.113.10', port: 7000 },
    global: { address: '203.0.113.1', port: 20000 },
    local: { address: '192.168.1.2', port: 5000 },
    until: '2030-01-01T00:01:00.000Z',
    packets: 2,
    bytes: 300,
    description: 'film',
    consent: 'unchecked',
  });
  assert.equal(
    reportStatus(told),
    `self::gateway-home: in service
controllers: self::mine connected
ID  FROM               TO DEVICE               TYPE  GLOBAL                  UNTIL                     PACKETS  CONSENT    BY
a   203.0.113.10:7000  192.168.1.2:5000        udp   203.0.113.1:20000       2030-01-01T00:01:00.000Z  2        unchecked  self::mine
b   anyone             [2001:db8:100::2]:5000  udp   [2001:db8:100::2]:5000  for ever                  0        unchecked  self::theirs
c   203.0.113.10:7000  disabled                udp   -                       2030-01-01T00:01:00.000Z  0        unchecked  self::theirs
`,
  );
  setNetworks({ ...homeNetworks, own: new Set() });
  const later = answerHousehold('GET', '/v1/status', ground).body;
  assert.ok('openings' in later);
  assert.deepEqual(
    later.openings.map(({ state }) => state),
    ['stranded', 'open', 'disabled'],
  );
});

test('the household closes one, or all', () => {
  const { model, ground, dataPlane } = household();
  done(model.apply([mapping({ Alias: 'a/b' }), mapping({ Alias: 'c', InternalPort: '5001' })], mine));
  done(
    model.apply([mapping({ Alias: 'c', InternalPort: '5002' }), mapping({ Alias: 'd', InternalPort: '5003' })], theirs),
  );
  assert.equal(closed(answerHousehold('DELETE', '/v1/openings/a%2Fb', ground)), 1);
  assert.equal(closed(answerHousehold('DELETE', '/v1/openings/c', ground)), 2);
  assert.equal(closed(answerHousehold('DELETE', '/v1/openings/Device.NAT.PortMapping.4', ground)), 1);
  assert.deepEqual(dataPlane.read(), []);
  const gone = answerHousehold('DELETE', '/v1/openings/c', ground);
  assert.deepEqual([gone.status, 'code' in gone.body && gone.body.code], [404, 'opening-unknown']);
  done(model.apply([mapping(), pinhole()], mine));
  assert.equal(closed(answerHousehold('DELETE', '/v1/openings', ground)), 2);
  assert.deepEqual(dataPlane.read(), []);
});

test('a pause is remembered, and what the kernel does not close is told', () => {
  const { model, ground, dataPlane, openings, remembered } = household();
  done(model.apply([mapping()], mine));
  dataPlane.failWith(1);
  for (const [method, path] of [
    ['POST', '/v1/pause'],
    ['DELETE', '/v1/openings'],
  ] as const)
    assert.equal(answerHousehold(method, path, ground).status, 422);
  assert.ok(openings.paused);
  dataPlane.failWith(0);
  assert.equal(closed(answerHousehold('POST', '/v1/pause', ground)), 1);
  assert.equal(answerHousehold('POST', '/v1/resume', ground).status, 200);
  assert.deepEqual(remembered, [true, true, false]);
  done(model.apply([mapping()], mine));
});

test('other questions have no answer', () => {
  const { ground } = household();
  for (const [method, path] of [
    ['GET', '/'],
    ['POST', '/v1/status'],
    ['DELETE', '/v1/openings/'],
    ['DELETE', '/v1/openings/%'],
  ] as const)
    assert.equal(answerHousehold(method, path, ground).status, 404, path);
  assert.equal(answerHousehold('GET', '/healthz', ground).status, 200);
});

test('the socket is for its owner alone, and served by one agent', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-household-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'run', 'gateway.sock');
  const { ground } = household();
  const stop = new AbortController();
  await assert.rejects(askHousehold(path, 'GET', '/healthz', stop.signal), /no gateway agent serves/);
  await serveHousehold(path, ground, silentLog, stop.signal);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await assert.rejects(serveHousehold(path, ground, silentLog, stop.signal), /another gateway agent/);
  assert.deepEqual(await askHousehold(path, 'GET', '/healthz', stop.signal), { ok: true, body: { status: 'ok' } });
  const unknown = await askHousehold(path, 'DELETE', '/v1/openings/x', stop.signal);
  assert.ok(!unknown.ok && unknown.problem.code === 'opening-unknown');
  stop.abort();
});

test('a pause outlives the agent', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-pause-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'paused');
  assert.ok(!pauseMark(path).isSet());
  pauseMark(path).set(true);
  assert.ok(pauseMark(path).isSet());
  pauseMark(path).set(false);
  pauseMark(path).set(false);
  assert.ok(!pauseMark(path).isSet());
});

test('the household sees whose signatures count, and forgets them', () => {
  const { ground, appliances } = household();
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  appliances.introduce('self::tv-1', publicKey.export({ format: 'jwk' }), '02:00:00:00:00:02', 0);
  const told = householdAppliances.parse(answerHousehold('GET', '/v1/appliances', ground).body);
  assert.match(
    reportAppliances(told),
    /^APPLIANCE {3}DEVICE .*\nself::tv-1 {2}02:00:00:00:00:02 {2}1970-01-01T00:00:00.000Z /,
  );
  assert.equal(answerHousehold('DELETE', '/v1/appliances/self%3A%3Atv-1', ground).status, 200);
  assert.equal(answerHousehold('DELETE', '/v1/appliances/self%3A%3Atv-1', ground).status, 404);
  assert.equal(reportAppliances({ appliances: [] }), 'no appliance has introduced itself\n');
  assert.deepEqual(appliances.all(), []);
});
