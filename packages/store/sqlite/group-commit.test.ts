import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { GroupCommit } from './group-commit.ts';

/** A table of numbers that are not negative, and how often each statement ran. */
function openNumbers() {
  const database = new DatabaseSync(':memory:');
  database.exec('create table numbers (n integer primary key check (n >= 0))');
  const runs = new Map<string, number>();
  const { prepare } = database;
  database.prepare = (sql) => {
    const statement = prepare.call(database, sql);
    const { run } = statement;
    statement.run = (...parameters: unknown[]) => {
      runs.set(sql, (runs.get(sql) ?? 0) + 1);
      return run.apply(statement, parameters as Parameters<typeof run>);
    };
    return statement;
  };
  const commits = new GroupCommit(database);
  const insert = database.prepare('insert into numbers values (?)');
  return {
    runs,
    commits,
    write: (n: number) => commits.write(() => void insert.run(n)),
    numbers: () =>
      prepare
        .call(database, 'select n from numbers order by n')
        .all()
        .map((row) => row.n),
  };
}

test('the writes of one turn are one commit, and a write alone is one too', async () => {
  const { write, runs, numbers } = openNumbers();
  await Promise.all([1, 2, 3, 4, 5].map(write));
  assert.equal(runs.get('commit'), 1);
  assert.equal(runs.get('savepoint one_write'), undefined);
  await write(6);
  assert.equal(runs.get('commit'), 2);
  assert.deepEqual(numbers(), [1, 2, 3, 4, 5, 6]);
});

test('a write resolves after its commit and not before', async () => {
  const { write, runs } = openNumbers();
  let resolved = false;
  const written = write(1).then(() => {
    resolved = true;
  });
  await Promise.resolve();
  assert.equal(resolved, false);
  assert.equal(runs.get('commit'), undefined);
  await written;
  assert.equal(runs.get('commit'), 1);
});

test('writes that fail take no other with them', async () => {
  const { write, numbers } = openNumbers();
  const results = await Promise.allSettled([1, -1, 2, 2, 3].map(write));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(numbers(), [1, 2, 3]);
  await write(4);
  assert.deepEqual(numbers(), [1, 2, 3, 4]);
});

test('a turn of very many writes is several commits, so that the event loop goes on between them', async () => {
  const { write, runs, numbers } = openNumbers();
  await Promise.all(Array.from({ length: 1_200 }, (_, n) => write(n)));
  assert.equal(runs.get('commit'), 3);
  assert.equal(numbers().length, 1_200);
});

test('closing commits what waits', async () => {
  const { write, commits, numbers } = openNumbers();
  const all = Promise.all(Array.from({ length: 600 }, (_, n) => write(n)));
  commits.close();
  assert.equal(numbers().length, 600);
  await all;
  await assert.rejects(write(1_000), /closed/);
});
