import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import { Kysely } from 'kysely';
import { openSqliteStore, StoreUnusable } from '../index.ts';
import { migrate, migrations } from '../migrations/migrate.ts';
import { nodeSqliteDialect } from '../sqlite/dialect.ts';
import { seal, sealKey, unseal } from './seal.ts';

const password = 'hunter2-hunter2-hunter2';
const router: Gateway = {
  gatewayId: 'router',
  type: 'cwmp',
  communication: { url: 'http://192.0.2.1:7547/', username: 'acs', password },
};

async function inFolder(run: (folder: string, file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-secrets-'));
  try {
    await run(folder, join(folder, 'store.db'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const open = (file: string) => openSqliteStore({ file, log: silentLog });

/** Names of the files in a folder that hold the password. */
async function leaks(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder))
    if ((await readFile(join(folder, name))).includes(password)) found.push(name);
  return found;
}

const rejectsWith = (promise: Promise<unknown>, reason: string, text: RegExp) =>
  assert.rejects(
    promise,
    (error) => error instanceof StoreUnusable && error.reason === reason && text.test(error.message),
  );

test('what is sealed opens with its key, under its name, as it was', () => {
  const [key, other] = [sealKey(randomBytes(32)), sealKey(randomBytes(32))];
  const sealed = seal(key, Buffer.from('secret'), 'of a');
  assert.equal(unseal(key, sealed, 'of a')?.toString(), 'secret');
  assert.equal(unseal(other, sealed, 'of a'), undefined);
  assert.equal(unseal(key, sealed, 'of b'), undefined);
  const octets = Buffer.from(sealed, 'base64url');
  for (let at = 0; at < octets.length; at++) {
    const changed = Buffer.from(octets);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(unseal(key, changed.toString('base64url'), 'of a'), undefined, `octet ${at}`);
    assert.equal(unseal(key, octets.subarray(0, at).toString('base64url'), 'of a'), undefined, `${at} octets`);
  }
  assert.notEqual(seal(key, Buffer.from('secret'), 'of a'), sealed);
});

test('without secrets there is no key; with the first one it is made, for this user alone', () =>
  inFolder(async (folder, file) => {
    await using store = await open(file);
    await store.putGateway({ gatewayId: 'a', type: 'sluice', communication: { url: 'wss://a' } });
    assert.ok(!(await readdir(folder)).includes('store.db.key'));
    await Promise.all([store.putGateway(router), store.putGateway({ ...router, gatewayId: 'other' })]);
    assert.equal((await stat(`${file}.key`)).mode & 0o777, 0o600);
    assert.equal((await readFile(`${file}.key`, 'utf8')).trim().split('\n').length, 1);
    assert.deepEqual(await store.gateway('other'), { ...router, gatewayId: 'other' });
  }));

test('no octet of a secret is in the files of the database', () =>
  inFolder(async (folder, file) => {
    {
      await using store = await open(file);
      await store.putGateway(router);
      assert.ok((await readdir(folder)).includes('store.db-wal'));
      assert.deepEqual(await leaks(folder), []);
    }
    assert.deepEqual(await leaks(folder), []);
    await using store = await open(file);
    assert.deepEqual(await store.gateway('router'), router);
  }));

/** A database of the version before secrets were sealed, with a secret in a row, in a free page and in its log. */
async function openDatabase(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec('pragma journal_mode = wal');
  const db = new Kysely<unknown>({ dialect: nodeSqliteDialect(database) });
  await migrate(db, Object.fromEntries(Object.entries(migrations).slice(0, 2)));
  const put = database.prepare('insert into gateways (gateway_id, type, communication) values (?, ?, ?)');
  for (let n = 0; n < 500; n++) put.run(`gone-${n}`, 'cwmp', JSON.stringify({ password }));
  put.run('router', 'cwmp', JSON.stringify(router.communication));
  put.run('agent', 'sluice', '{"url":"wss://agent"}');
  database.exec("delete from gateways where gateway_id like 'gone-%'");
  database.close();
}

test('what an older version left in the open is sealed, and nothing of it is left', () =>
  inFolder(async (folder, file) => {
    await openDatabase(file);
    assert.deepEqual(await leaks(folder), ['store.db']);
    await using store = await open(file);
    assert.deepEqual(await leaks(folder), []);
    assert.deepEqual(await store.gateway('router'), router);
    assert.equal((await store.gateway('agent'))?.communication.url, 'wss://agent');
  }));

test('what was sealed, but not cleaned away before the process died, is cleaned away the next time', () =>
  inFolder(async (folder, file) => {
    await openDatabase(file);
    const database = new DatabaseSync(file);
    database.exec("update gateways set communication = '{}' where gateway_id = 'router'; pragma user_version = 1");
    database.close();
    assert.deepEqual(await leaks(folder), ['store.db']);
    await using store = await open(file);
    assert.deepEqual(await leaks(folder), []);
    assert.equal((await store.gateways()).length, 2);
  }));

test('without the key of its secrets a database is not opened, and the sentence says which', () =>
  inFolder(async (folder, file) => {
    {
      await using store = await open(file);
      await store.putGateway(router);
    }
    const key = await readFile(`${file}.key`, 'utf8');
    await rm(`${file}.key`);
    await rejectsWith(
      open(file),
      'key',
      /holds secrets that the key [0-9a-f]{16} opens, and .*store\.db\.key has no such key/,
    );
    await writeFile(`${file}.key`, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    await rejectsWith(open(file), 'key', /has no such key/);
    await writeFile(`${file}.key`, 'no key\n');
    await rejectsWith(open(file), 'key', /line 1 is no key/);
    await writeFile(`${file}.key`, key);
    await chmod(`${file}.key`, 0o640);
    await rejectsWith(open(file), 'key', /others may read it; chmod 600/);
    const elsewhere = { file: join(folder, 'credential'), made: 'elsewhere' } as const;
    await rejectsWith(openSqliteStore({ file, log: silentLog, keys: elsewhere }), 'key', /cannot be read.*ENOENT/);
    await writeFile(elsewhere.file, key, { mode: 0o440 });
    await using store = await openSqliteStore({ file, log: silentLog, keys: elsewhere });
    assert.deepEqual(await store.gateway('router'), router);
  }));

test('a key is replaced by another above it; then the old one is not needed any more', () =>
  inFolder(async (_folder, file) => {
    let own: Uint8Array;
    {
      await using store = await open(file);
      await store.putGateway(router);
      own = await store.ownSecret('tokens');
    }
    const next = `# newest first\n${randomBytes(32).toString('base64')}\n`;
    await writeFile(`${file}.key`, next + (await readFile(`${file}.key`, 'utf8')));
    await (await open(file))[Symbol.asyncDispose]();
    await writeFile(`${file}.key`, next);
    await using store = await open(file);
    assert.deepEqual(await store.gateway('router'), router);
    assert.deepEqual(await store.ownSecret('tokens'), own);
  }));

test('a secret opens for its own gateway at its own address alone', () =>
  inFolder(async (_folder, file) => {
    const attempts = [
      `update gateways set communication = '{"url":"http://203.0.113.66/","username":"acs"}' where gateway_id = 'router'`,
      `update gateways set (secrets, secrets_key) = (select secrets, secrets_key from gateways where gateway_id = 'mine') where gateway_id = 'router'`,
      `update gateways set type = 'ssh-nft' where gateway_id = 'router'`,
    ];
    for (const attempt of attempts) {
      {
        await using store = await open(file);
        await store.putGateway(router);
        await store.putGateway({ ...router, gatewayId: 'mine' });
      }
      const database = new DatabaseSync(file);
      database.exec(attempt);
      database.close();
      await using store = await open(file);
      await rejectsWith(store.gateway('router'), 'corrupt', /changed from outside; register it again/);
      assert.ok(await store.gateway('mine'));
    }
  }));
