import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { noteSession } from './test/day.ts';
import { inShort, logRig } from './test/log-rig.ts';

test('a full disk is an error, told once and counted; the log goes on when there is room', {
  timeout: 60_000,
}, async () => {
  await using rig = await logRig();
  await mkdir(rig.directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', rig.directory]);
  using mounted = new DisposableStack();
  mounted.defer(() => execFileSync('umount', ['-l', rig.directory]));
  const audit = await rig.open({ checkpointLines: 20, mostWaiting: 100_000 });
  const ballast = join(rig.directory, 'ballast');
  await writeFile(ballast, Buffer.alloc(150_000));
  for (let n = 0; n < 400; n++) {
    noteSession(audit, n, rig.clock.now());
    if (n % 10 === 0) await rig.pass(1);
  }
  const { failing = '', failures, lost, waiting } = audit.state;
  assert.match(failing, /ENOSPC/);
  assert.equal(rig.errors.length, 1);
  assert.ok(failures > 1 && lost > 0 && waiting > 0);
  assert.deepEqual(inShort(await rig.verify()), [], 'what was written fits together while the disk is full');

  execFileSync('mount', ['-o', 'remount,size=4m', rig.directory]);
  await rm(ballast);
  await rig.pass(61);
  assert.deepEqual([audit.state.failing, audit.state.waiting], [undefined, 0]);
  noteSession(audit, 400, rig.clock.now());
  await audit[Symbol.asyncDispose]();
  const { wrong, notes, lines } = await rig.verify();
  assert.deepEqual(wrong, []);
  assert.match(notes[0]?.message ?? '', new RegExp(`^${lost} lines could not be kept`));
  const [file = ''] = await rig.files();
  const told = (await readFile(file, 'utf8'))
    .split('\n')
    .flatMap((line) => /"kind":"(session-\w+)","session":"(s\d+)"/.exec(line)?.slice(1).join() ?? []);
  assert.equal(told.length, 401 * 3 - lost, `${lines} lines`);
  assert.equal(new Set(told).size, told.length, 'none stands there twice');
});
