import { silentLog } from '@sluice/io';
import { openSqliteStore } from '../index.ts';
import { sampleSession } from './sample.ts';

// Writes sessions for ever, in groups and alone, and says which are durable: one number a line.
const store = await openSqliteStore({ file: process.argv[2] ?? '', log: silentLog });
for (let n = 0; ; ) {
  const group = Array.from({ length: 1 + (n % 13) }, () => n++);
  await Promise.all(
    group.map(async (each) => {
      await store.putSession(sampleSession(each));
      process.stdout.write(`${each}\n`);
    }),
  );
}
