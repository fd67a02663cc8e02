import assert from 'node:assert/strict';
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { openSqliteStore, StoreUnusable } from './index.ts';
import { sampleSession } from './test/sample.ts';

async function inFolder(run: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  try {
    await run(join(folder, 'store.db'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const unusable = (reason: StoreUnusable['reason'], file: string) => (error: unknown) =>
  error instanceof StoreUnusable && error.reason === reason && error.message.includes(file);

const openStore = (file: string) => openSqliteStore({ file, log: silentLog });

test('a file that is no database is corrupt', () =>
  inFolder(async (file) => {
    await writeFile(file, 'this is a shopping list, and a long one: '.repeat(100));
    await assert.rejects(openStore(file), unusable('corrupt', file));
  }));

test('a database with damaged pages is corrupt when they are read', () =>
  inFolder(async (file) => {
    {
      await using store = await openStore(file);
      for (let n = 0; n < 200; n++) await store.putSession(sampleSession(n));
    }
    const { size } = await stat(file);
    const handle = await open(file, 'r+');
    // All but the first pages, which hold the schema.
    const noise = Buffer.alloc(size - 40 * 4096, 0xa5);
    await handle.write(noise, 0, noise.length, 40 * 4096);
    await handle.close();
    await using store = await openStore(file);
    await assert.rejects(store.sessions({ limit: 1000 }), unusable('corrupt', file));
  }));

test('a database that another process holds is locked, and free when that one is gone', () =>
  inFolder(async (file) => {
    {
      await using _first = await openStore(file);
      await assert.rejects(openStore(file), unusable('locked', file));
    }
    await using second = await openStore(file);
    assert.deepEqual(await second.sessions(), []);
  }));

test('when the disk is full the write rejects, what was written stays, and what fits is written again', () =>
  inFolder(async (file) => {
    const database = new DatabaseSync(file);
    const { migrate } = await import('./migrations/migrate.ts');
    const { nodeSqliteDialect } = await import('./sqlite/dialect.ts');
    const { SqliteStore } = await import('./sqlite/sqlite-store.ts');
    const { Vault } = await import('./sqlite/vault.ts');
    const { KeyFile } = await import('./secrets/key-file.ts');
    const { Kysely } = await import('kysely');
    const db = new Kysely<import('./sqlite/tables.ts').Tables>({ dialect: nodeSqliteDialect(database) });
    await migrate(db);
    const { page_count: pages } = database.prepare('pragma page_count').get() as { page_count: number };
    database.exec(`pragma max_page_count = ${pages + 40}`);
    const vault = new Vault(await KeyFile.open({ file: `${file}.key` }), file);
    await using store = new SqliteStore(database, db, vault, file);
    const kept: number[] = [];
    let refused: unknown;
    for (let n = 0; n < 200 && refused === undefined; n++) {
      await store.putSession(sampleSession(n)).then(
        () => kept.push(n),
        (error: unknown) => {
          refused = error;
        },
      );
    }
    assert.ok(unusable('full', file)(refused), String(refused));
    assert.ok(kept.length > 0);
    for (const n of kept) assert.deepEqual(await store.session(sampleSession(n).sessionId), sampleSession(n));
    database.exec(`pragma max_page_count = ${pages + 400}`);
    await store.putSession(sampleSession(1000));
    assert.equal((await store.counts()).sessions.open, kept.length + 1);
  }));

test('a folder where a file should be, and a path through a file, are unreadable', () =>
  inFolder(async (file) => {
    await assert.rejects(openStore('/proc'), unusable('unreadable', '/proc'));
    await writeFile(file, '');
    const below = join(file, 'store.db');
    await assert.rejects(openStore(below), unusable('unreadable', below));
  }));

test('the database is for its user alone', () =>
  inFolder(async (file) => {
    await using _store = await openStore(file);
    assert.equal((await stat(file)).mode & 0o077, 0);
  }));

test('a closed store says so', () =>
  inFolder(async (file) => {
    const store = await openStore(file);
    const last = store.putSession(sampleSession(1));
    await store[Symbol.asyncDispose]();
    await last;
    await assert.rejects(store.putSession(sampleSession(2)), unusable('closed', 'closed'));
    await store[Symbol.asyncDispose]();
  }));
