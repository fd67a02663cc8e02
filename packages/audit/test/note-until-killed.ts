import { readIdentity } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { openAudit } from '../index.ts';
import { noteSession } from './day.ts';

// Notes sessions for ever, and says which are written: one number a line.
const [directory = '', identityDirectory = ''] = process.argv.slice(2);
const identity = await readIdentity(identityDirectory);
const audit = await openAudit({ directory, checkpointLines: 100 }, { identity, clock: systemClock, log: silentLog });
for (let n = 0; ; n++) {
  noteSession(audit, n, systemClock.now());
  if (n % 7 !== 0) continue;
  await audit.flushed();
  process.stdout.write(`${n}\n`);
}
