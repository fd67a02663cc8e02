import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { openSqliteStore } from './index.ts';
import { sampleSession } from './test/sample.ts';

test('a store killed amid writes has everything it said it had, and nothing by half', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  const file = join(folder, 'store.db');
  try {
    for (const killAfter of [1, 150, 700]) {
      await rm(file, { force: true });
      await rm(`${file}-wal`, { force: true });
      const acknowledged = await writeAndKill(file, killAfter);
      assert.ok(acknowledged.length >= killAfter);
      await using store = await openSqliteStore({ file, log: silentLog });
      for (const n of acknowledged) {
        const session = sampleSession(n);
        assert.deepEqual(await store.session(session.sessionId), session, `session ${n} of ${acknowledged.length}`);
      }
      const { sessions, openings } = await store.counts();
      assert.equal(openings, sessions.open * 5);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Runs the writer until it acknowledged so many, kills it, and gives all that it acknowledged. */
async function writeAndKill(file: string, killAfter: number): Promise<number[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test/write-until-killed.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: number[] = [];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(Number(line));
    if (acknowledged.length === killAfter) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}
