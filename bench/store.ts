import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '@sluice/control';
import { silentLog } from '@sluice/io';
import { openSqliteStore } from '@sluice/store';
import { sampleSession } from '../packages/store/test/sample.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';
import { fsyncSpread } from './fsync.ts';

const many = 40_000;
const alone = 500;
/** Requests that reach their verdict in the same turn of the event loop, on a server that is busy. */
const together = 200;

/** The one durable write of a session, of five openings each: many at a time, and one alone. */
export const storeBenchmark: Benchmark = {
  name: 'store',
  about: 'verdicts written to disk, five openings each',
  async run(say, signal) {
    const folder = mkdtempSync(join(import.meta.dirname, '../.bench-store-'));
    try {
      const bare = fsyncSpread(folder);
      const file = join(folder, 'store.db');
      await using store = await openSqliteStore({ file, log: silentLog });
      const before = process.cpuUsage();
      const rate = await writesPerSecond(store, signal);
      const { user, system } = process.cpuUsage(before);
      const single = spreadOf(await loneWrites(store));
      const { size } = statSync(file);
      say({ name: 'a bare fsync of 4 KiB', figure: describeSpread(bare, 'ms') });
      say({
        name: `verdicts, ${together} in a turn`,
        figure: `${Math.round(rate)}/s (at least 10000)`,
        holds: rate >= 10_000,
      });
      say({ name: 'processor time a verdict', figure: `${((user + system) / many).toFixed(0)} us` });
      say({ name: 'one verdict alone', figure: describeSpread(single, 'ms') });
      say({ name: 'one verdict alone, over the fsync', figure: `${(single.p50 - bare.p50).toFixed(3)} ms at p50` });
      say({ name: 'the database', figure: `${(size / (many + alone) / 1024).toFixed(1)} KiB a session` });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function writesPerSecond(store: Store, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < many; n += together) {
    signal.throwIfAborted();
    await Promise.all(Array.from({ length: together }, (_, index) => store.putSession(sampleSession(n + index))));
  }
  return (many / (performance.now() - start)) * 1_000;
}

async function loneWrites(store: Store): Promise<number[]> {
  const taken: number[] = [];
  for (let n = many; n < many + alone; n++) {
    const session = sampleSession(n);
    const start = performance.now();
    await store.putSession(session);
    taken.push(performance.now() - start);
  }
  return taken;
}
