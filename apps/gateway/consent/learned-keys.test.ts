import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { Home } from '../home/home.ts';
import { applianceFile } from '../io/appliance-file.ts';
import { takeIntroduction } from './introductions.ts';
import { LearnedKeys, mostAppliances } from './learned-keys.ts';

const newJwk = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const [here, there] = ['02:00:00:00:00:02', '02:00:00:00:00:03'] as const;
const codeOf = (answer: object) => ('code' in answer ? answer.code : 'learned');
const inMemory = () => new LearnedKeys({ read: () => undefined, write() {} });

test('the first key under an id stays, but for the same device with a renewed one', () => {
  const keys = inMemory();
  const [first, second] = [newJwk(), newJwk()];
  assert.equal(codeOf(keys.introduce('self::tv-1', first, here, 0)), 'learned');
  assert.equal(codeOf(keys.introduce('self::tv-1', second, there, 1)), 'request-conflict');
  assert.equal(codeOf(keys.introduce('self::tv-1', first, there, 1)), 'learned');
  const renewed = keys.introduce('self::tv-1', second, there, 2);
  assert.ok('thumbprint' in renewed);
  assert.equal(keys.get(renewed.thumbprint)?.device, there);
  assert.equal(keys.all().length, 1);
  assert.ok(keys.forget('self::tv-1') && !keys.forget('self::tv-1'));
  assert.equal(keys.get(renewed.thumbprint), undefined);
  assert.equal(codeOf(keys.introduce('self::tv-1', newJwk(), here, 3)), 'learned');
});

test('keys of another kind are not taken, nor more than a home has', () => {
  const keys = inMemory();
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  assert.equal(codeOf(keys.introduce('self::tv-1', p384, here, 0)), 'consent-invalid');
  const jwk = newJwk();
  for (let count = 0; count < mostAppliances; count++)
    assert.equal(codeOf(keys.introduce(`self::tv-${count}`, jwk, here, 0)), 'learned');
  assert.equal(codeOf(keys.introduce('self::one-more', jwk, here, 0)), 'quota-exceeded');
});

test('what was learned outlives the agent, in a file that nobody else reads', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-appliances-'));
  t.after(() => rm(directory, { recursive: true }));
  const state = join(directory, 'state');
  const learned = new LearnedKeys(applianceFile(state)).introduce('self::tv-1', newJwk(), here, 5);
  assert.ok('thumbprint' in learned);
  assert.equal((await stat(join(state, 'appliances.json'))).mode & 0o777, 0o600);
  const again = new LearnedKeys(applianceFile(state));
  assert.deepEqual(again.all(), [learned]);
  assert.equal(again.get(learned.thumbprint)?.applianceId, 'self::tv-1');
  await writeFile(join(state, 'appliances.json'), '{"appliances":[{}]}');
  assert.throws(() => new LearnedKeys(applianceFile(state)));
});

test('appliances introduce themselves from inside the home alone', async () => {
  const clock = new VirtualClock();
  const home = new Home({ wan: ['wan0'], lan: ['lan0'] });
  const at = (ifname: string, local: string) => ({
    ifname,
    flags: ['UP'],
    addr_info: [{ local, prefixlen: 24, scope: 'global' }],
  });
  home.loadAddresses(JSON.stringify([at('wan0', '203.0.113.1'), at('lan0', '192.168.1.1')]));
  const seen = (address: string, lladdr: string) => ({ dst: address, dev: 'lan0', lladdr, state: ['REACHABLE'] });
  home.loadNeighbours(JSON.stringify([seen('192.168.1.2', here)]));
  const keys = inMemory();
  const jwk = newJwk();
  const introduce = async (from: string | undefined, to: string | undefined) =>
    codeOf(await takeIntroduction({ applianceId: 'self::tv-1', jwk, from, to }, { home, keys, clock }));
  assert.equal(await introduce('203.0.113.66', '203.0.113.1'), 'not-permitted');
  assert.equal(await introduce('203.0.113.66', '192.168.1.1'), 'not-permitted');
  assert.equal(await introduce('192.168.1.2', '203.0.113.1'), 'not-permitted');
  assert.equal(await introduce(undefined, undefined), 'not-permitted');
  assert.deepEqual(keys.all(), []);
  assert.equal(await introduce('192.168.1.2', '192.168.1.1'), 'learned');
  const unseen = introduce('192.168.1.9', '192.168.1.1');
  await clock.pass(1_000);
  assert.equal(await unseen, 'device-not-found');
  const late = introduce('192.168.1.8', '192.168.1.1');
  home.applyMonitorLine(`192.168.1.8 dev lan0 lladdr ${here} REACHABLE`);
  assert.equal(await late, 'learned');
});
