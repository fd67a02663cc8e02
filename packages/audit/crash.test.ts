import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { writeIdentity } from '@sluice/identity';
import { noteSession } from './test/day.ts';
import { inShort, type LogRig, logRig } from './test/log-rig.ts';

async function linesOf(rig: LogRig): Promise<Record<string, unknown>[]> {
  const texts = await Promise.all((await rig.files()).map((path) => readFile(path, 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line));
}

test('a part killed amid its notes: what was written is there, and the log goes on', { timeout: 60_000 }, async () => {
  await using rig = await logRig();
  const identityDirectory = join(dirname(rig.directory), 'identity');
  await writeIdentity(identityDirectory, rig.identity);
  for (const killAfter of [1, 20, 60]) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'test/note-until-killed.ts'), rig.directory, identityDirectory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let told = 0;
    let last = -1;
    for await (const line of createInterface(child.stdout)) {
      last = Number(line);
      if (++told === killAfter) child.kill('SIGKILL');
    }
    await exited;
    assert.ok(told >= killAfter);
    assert.deepEqual(inShort(await rig.verify()), [], 'before it goes on');
    const lines = await linesOf(rig);
    const begun = lines.findLastIndex(({ kind }) => kind === 'log');
    const closed = lines.slice(begun).filter(({ kind }) => kind === 'session-closed');
    assert.deepEqual(
      closed.slice(0, last + 1).map(({ session }) => session),
      Array.from({ length: last + 1 }, (_, n) => `s${n}`),
    );
  }
  const audit = await rig.open();
  await audit[Symbol.asyncDispose]();
  const { wrong, notes } = await rig.verify();
  assert.deepEqual(wrong, []);
  assert.ok(notes.some(({ message }) => /taken up after a crash/.test(message)));
});

test('a last line that a crash tore is taken away, kept as it was in the next, and told', async () => {
  await using rig = await logRig();
  const audit = await rig.open();
  noteSession(audit, 1, rig.clock.now());
  await audit.flushed();
  // Not closed: as after SIGKILL, with half a line left by the kernel.
  const [file = ''] = await rig.files();
  const half = '{"seq":6,"at":"2030-01-01T00:00:00.000Z","kind":"session-as';
  await appendFile(file, half);
  const torn = await rig.verify();
  assert.deepEqual(inShort(torn), []);
  assert.match(torn.notes.map(({ message }) => message).join('\n'), /the last line is torn after 59 bytes/);

  const again = await rig.open();
  noteSession(again, 2, rig.clock.now());
  await again[Symbol.asyncDispose]();
  const line = (await linesOf(rig))[5] ?? {};
  assert.deepEqual([line.seq, line.kind, line.why, line.unsealed], [6, 'log', 'restarted', 3]);
  assert.deepEqual(line.torn, { bytes: half.length, text: half });
  const { wrong, notes } = await rig.verify();
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    notes.map(({ seq }) => seq),
    [6, 6],
  );
});

test('a power cut that leaves nothing but zeros behind the last line is survived', async () => {
  await using rig = await logRig();
  const audit = await rig.open();
  noteSession(audit, 1, rig.clock.now());
  await audit.flushed();
  const [file = ''] = await rig.files();
  await appendFile(file, Buffer.alloc(9_000));
  await appendFile(file, '\n\0\0\n');
  const again = await rig.open();
  await again[Symbol.asyncDispose]();
  assert.deepEqual(inShort(await rig.verify()), []);
  const { torn } = (await linesOf(rig))[5] ?? {};
  assert.deepEqual(torn, { bytes: 9_004, text: '\0'.repeat(1_024) });
});
