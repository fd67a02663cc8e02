import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { insideWorld } from '../world.ts';

/** Process ids whose command line holds `mark`. */
async function processes(mark: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return ids.filter((_, index) => lines[index]?.includes(mark));
}

test('a world ends with the process that made it, also when that one is killed', { timeout: 60_000 }, async (t) => {
  assert.ok(insideWorld());
  const mark = `97531.${process.pid}`;
  const script = `ip netns add left; setsid sleep ${mark} & setsid sleep ${mark} & ip netns list; wait`;
  const maker = spawn(process.execPath, [join(import.meta.dirname, '../bin/world.ts'), 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => maker.kill('SIGKILL'));
  const [line] = (await once(maker.stdout, 'data', { signal: t.signal })) as [Buffer];
  assert.equal(line.toString().trim(), 'left');
  assert.ok((await processes(mark)).length >= 2);

  maker.kill('SIGKILL');
  // The pipe's end is held by everything inside, so its closing says that all of it is gone.
  await once(maker.stdout, 'close', { signal: t.signal });
  const left = await processes(`sleep\0${mark}`);
  assert.deepEqual(left, []);
});
