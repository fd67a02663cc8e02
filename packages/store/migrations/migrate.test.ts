import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { Kysely, sql } from 'kysely';
import { openSqliteStore, StoreUnusable } from '../index.ts';
import { nodeSqliteDialect } from '../sqlite/dialect.ts';
import { sampleSession } from '../test/sample.ts';
import { migrate, migrations } from './migrate.ts';

async function inFolder(run: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  try {
    await run(join(folder, 'store.db'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function openRaw(file: string) {
  const database = new DatabaseSync(file);
  return { database, db: new Kysely<unknown>({ dialect: nodeSqliteDialect(database) }) };
}

/** Rows as each version wrote them, in SQL that is never changed afterwards. */
const written: Readonly<Record<string, (database: DatabaseSync) => void>> = {
  '0001-registration-and-sessions'(database) {
    const session = sampleSession(1);
    database
      .prepare('insert into gateways (gateway_id, type, communication) values (?, ?, ?)')
      .run('self::gateway-1', 'sluice', '{"url":"wss://g"}');
    database
      .prepare('insert into appliances (appliance_id, gateway_id) values (?, ?)')
      .run('self::tv-1', 'self::gateway-1');
    database
      .prepare(
        'insert into sessions (session_id, portal_id, appliance_id, request_id, gateway_id, state, created_at, document) values (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        session.sessionId,
        'self::portal-1',
        'self::tv-1',
        'r1',
        'self::gateway-1',
        'open',
        session.createdAt,
        JSON.stringify(session),
      );
    const place = database.prepare('insert into openings values (?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { id, streamType, global, local } of session.openings)
      place.run(
        id,
        session.sessionId,
        'self::gateway-1',
        streamType,
        global.address,
        global.port,
        local.address,
        local.port,
      );
  },
  '0002-enrolments-and-revocations'(database) {
    written['0001-registration-and-sessions']?.(database);
    database
      .prepare('insert into enrolments values (?, ?, ?, ?, ?)')
      .run('self::gateway-2', 'gateway', '["g.test"]', 'ab', 7);
    database.prepare('insert into revocations values (?, ?, ?, ?)').run(1, 5, 'self::tv-1', null);
  },
  '0003-authorisation'(database) {
    written['0002-enrolments-and-revocations']?.(database);
    database.prepare('insert into portals values (?, ?)').run('self::portal-1', '["203.0.113.10/32"]');
    database.prepare('insert into operators values (?, ?, ?, ?)').run('alice', 'auditor', '$argon2id$', 6);
  },
  '0004-evidence'(database) {
    written['0003-authorisation']?.(database);
    const seen = '{"by":"appliance","at":8,"applianceId":"self::tv-2","observed":"198.51.100.7"}';
    database
      .prepare('insert into gateways (gateway_id, type, communication, evidence) values (?, ?, ?, ?)')
      .run('pcp-of-self::tv-2', 'pcp', '{"through":"appliance"}', seen);
    database
      .prepare('insert into appliances (appliance_id, gateway_id, evidence) values (?, ?, ?)')
      .run('self::tv-2', 'pcp-of-self::tv-2', seen);
  },
  '0005-paths'(database) {
    written['0004-evidence']?.(database);
    database
      .prepare('insert into gateways (gateway_id, type, communication, behind) values (?, ?, ?, ?)')
      .run('self::router-1', 'sluice', '{}', 'self::gateway-1');
    database.prepare('insert into further_hops values (?, ?)').run('self::firewall-1', sampleSession(1).sessionId);
  },
  '0006-homes'(database) {
    written['0005-paths']?.(database);
    database
      .prepare('insert into gateways (gateway_id, type, communication, home) values (?, ?, ?, ?)')
      .run('box-1', 'usp', '{}', '{"homeId":"house-1","at":["203.0.113.9/32"]}');
    database
      .prepare('insert into appliances (appliance_id, gateway_id, home_id) values (?, ?, ?)')
      .run('self::tv-3', 'box-1', 'house-1');
  },
};

test('a database of each version is brought to this one with all that is in it', async () => {
  const names = Object.keys(migrations);
  assert.deepEqual(Object.keys(written), names, 'rows of each version');
  for (const [index, name] of names.entries()) {
    await inFolder(async (file) => {
      const { database, db } = openRaw(file);
      await migrate(db, Object.fromEntries(Object.entries(migrations).slice(0, index + 1)));
      written[name]?.(database);
      database.close();
      await using store = await openSqliteStore({ file, log: silentLog });
      assert.deepEqual(await store.session(sampleSession(1).sessionId), sampleSession(1), name);
      assert.deepEqual(await store.sessionOfRequest(sampleSession(1).request), sampleSession(1), name);
      assert.deepEqual(
        await store.gateway('self::gateway-1'),
        { gatewayId: 'self::gateway-1', type: 'sluice', communication: { url: 'wss://g' } },
        name,
      );
      assert.deepEqual(await store.appliance('self::tv-1'), {
        applianceId: 'self::tv-1',
        gatewayId: 'self::gateway-1',
      });
      assert.equal((await store.openings()).length, 5, name);
      if (index === 0) return;
      const enrolment = { endpointId: 'self::gateway-2', role: 'gateway', names: ['g.test'] };
      assert.deepEqual(
        await store.enrolment('self::gateway-2'),
        { ...enrolment, secretHash: 'ab', expiresAt: 7 },
        name,
      );
      assert.deepEqual(await store.revocations(0), [{ sequence: 1, at: 5, endpointId: 'self::tv-1' }], name);
      if (index === 1) return;
      const remotes = [{ address: '203.0.113.10', length: 32 }];
      assert.deepEqual(await store.portal('self::portal-1'), { portalId: 'self::portal-1', remotes }, name);
      const account = { name: 'alice', role: 'auditor', passwordHash: '$argon2id$', changedAt: 6 };
      assert.deepEqual(await store.operators(), [account], name);
      if (index === 2) return;
      const evidence = { by: 'appliance', at: 8, applianceId: 'self::tv-2', observed: '198.51.100.7' };
      const behind = { applianceId: 'self::tv-2', gatewayId: 'pcp-of-self::tv-2' };
      assert.deepEqual(await store.appliance('self::tv-2'), { ...behind, evidence }, name);
      const gateway = { gatewayId: behind.gatewayId, type: 'pcp', communication: { through: 'appliance' } };
      assert.deepEqual(await store.gateway(behind.gatewayId), { ...gateway, evidence }, name);
      if (index === 3) return;
      const router = { gatewayId: 'self::router-1', type: 'sluice', communication: {}, behind: 'self::gateway-1' };
      assert.deepEqual(await store.gateway('self::router-1'), router, name);
      const crossing = await store.sessions({ gatewayId: 'self::firewall-1' });
      assert.deepEqual(crossing, [sampleSession(1)], name);
      if (index === 4) return;
      const home = { homeId: 'house-1', at: [{ address: '203.0.113.9', length: 32 }] };
      const way = { gatewayId: 'box-1', type: 'usp', communication: {} };
      assert.deepEqual(await store.gateway('box-1'), { ...way, home }, name);
      const within = { applianceId: 'self::tv-3', gatewayId: 'box-1', homeId: 'house-1' };
      assert.deepEqual(await store.appliance('self::tv-3'), within, name);
    });
  }
});

test('a migration runs once, after those before it', () =>
  inFolder(async (file) => {
    const { database, db } = openRaw(file);
    const next = {
      ...migrations,
      '9999-next': {
        async up(on: Kysely<unknown>) {
          await sql`alter table appliances add column note text`.execute(on);
        },
      },
    };
    assert.deepEqual(await migrate(db), Object.keys(migrations));
    assert.deepEqual(await migrate(db), []);
    assert.deepEqual(await migrate(db, next), ['9999-next']);
    database.prepare("insert into appliances (appliance_id, gateway_id, note) values ('tv', 'g', 'kept')").run();
    assert.deepEqual(await migrate(db, next), []);
    database.close();
    await assert.rejects(
      openSqliteStore({ file, log: silentLog }),
      (error) => error instanceof StoreUnusable && error.reason === 'newer' && error.message.includes('9999-next'),
    );
  }));

test('a migration that fails leaves the version before it', () =>
  inFolder(async (file) => {
    const { database, db } = openRaw(file);
    const broken = {
      ...migrations,
      '9999-broken': {
        async up(on: Kysely<unknown>) {
          await sql`create table half (a text)`.execute(on);
          throw new Error('no further');
        },
      },
    };
    await migrate(db);
    await assert.rejects(migrate(db, broken), /no further/);
    assert.equal(database.prepare("select name from sqlite_master where name = 'half'").get(), undefined);
    database.close();
    await using store = await openSqliteStore({ file, log: silentLog });
    assert.deepEqual(await store.sessions(), []);
  }));
