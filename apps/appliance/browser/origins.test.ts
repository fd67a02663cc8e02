import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { Grants, readOrigin } from './origins.ts';

test('origins exactly as browsers say them, of pages that nobody on the way can be', () => {
  for (const origin of [
    'https://films.example',
    'https://films.example:8443',
    'http://localhost:3000',
    'http://127.0.0.1',
  ])
    assert.equal(readOrigin(origin), origin);
  const others = [
    'null',
    '',
    '*',
    'https://films.example/',
    'https://films.example/page',
    'https://Films.example',
    'https://films.example:443',
    'https://me@films.example',
    'http://films.example',
    'http://192.168.1.2',
    'file://',
    'chrome-extension://abcdef',
    'https://*.example',
    `https://${'a'.repeat(300)}.example`,
  ];
  for (const text of others) assert.equal(readOrigin(text), undefined, text);
});

test('what was allowed is kept, for the daemon alone, until it is forgotten', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-grants-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'grants.json');
  const clock = new VirtualClock();
  const grants = await Grants.open(file, clock);
  const [one, two] = ['https://films.example', 'https://radio.example'];
  assert.deepEqual(await Promise.all([grants.allow(one), grants.allow(two), grants.allow('null')]), [
    true,
    true,
    false,
  ]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await clock.pass(60_000);
  assert.equal(await grants.allow(one), true, 'again');
  await grants.forget(two);
  assert.deepEqual(
    [grants.has(one), grants.has(two), grants.has('https://films.example.evil.example')],
    [true, false, false],
  );
  const again = await Grants.open(file, clock);
  assert.deepEqual(again.list(), grants.list());
  assert.equal(again.list()[0]?.since, clock.now() - 60_000);
  // Whoever wrote into the file what cannot be allowed has not allowed it.
  const kept = JSON.parse(await readFile(file, 'utf8')) as object[];
  await writeFile(
    file,
    JSON.stringify([...kept, { origin: 'null', since: 0 }, { origin: 'http://films.example', since: 0 }]),
  );
  assert.deepEqual((await Grants.open(file, clock)).list(), grants.list());
  await writeFile(file, 'no');
  await assert.rejects(Grants.open(file, clock));
});
