import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { HeldIdentity, openAuthority } from '@sluice/identity';
import { silentLog } from '@sluice/io';
import { AuditLog, openAudit, trustIn, verifyLog } from './index.ts';
import { mostLineBytes } from './line.ts';
import { noteSession } from './test/day.ts';
import { inShort, type LogRig, logRig } from './test/log-rig.ts';

const dayMs = 86_400_000;

async function linesIn(path: string): Promise<Record<string, unknown>[]> {
  return (await readFile(path, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function kindsIn(rig: LogRig): Promise<string[]> {
  const lines = (await Promise.all((await rig.files()).map(linesIn))).flat();
  return lines.map(({ kind, why }) => (kind === 'log' || kind === 'checkpoint' ? `${kind} ${why}` : String(kind)));
}

test('a log goes on over restarts, in one chain', async () => {
  await using rig = await logRig();
  for (let run = 0; run < 3; run++) {
    const audit = await rig.open();
    audit.note('gateway-online', { gateway: 'self::gateway-1' });
    await audit[Symbol.asyncDispose]();
    audit.note('gateway-offline', { gateway: 'self::gateway-1' });
  }
  const oneRun = ['checkpoint begun', 'gateway-online', 'checkpoint closing'];
  assert.deepEqual(await kindsIn(rig), [
    ...['log begun', ...oneRun],
    ...['log restarted', ...oneRun],
    ...['log restarted', ...oneRun],
  ]);
  const { wrong, notes } = await rig.verify();
  assert.deepEqual([wrong, notes], [[], []]);
});

test('another file is begun each day and at a size; the chain goes through, and each file stands alone', async () => {
  await using rig = await logRig();
  const audit = await rig.open({ fileBytes: 12_000 });
  for (let n = 0; n < 24; n++) {
    noteSession(audit, n, rig.clock.now());
    await audit.flushed();
    if (n % 8 === 7) await rig.clock.pass(dayMs);
  }
  await audit[Symbol.asyncDispose]();
  const files = await rig.files();
  assert.deepEqual(inShort(await rig.verify()), []);
  const days = files.map((path) => basename(path).slice(19, 29));
  assert.deepEqual([...new Set(days)], ['2030-01-01', '2030-01-02', '2030-01-03']);
  assert.ok(files.length > 3, `${files.length}`);
  for (const path of files) {
    const lines = await linesIn(path);
    assert.equal(lines[0]?.seq, Number(basename(path).slice(6, 18)));
    assert.equal(lines.at(-1)?.kind, 'checkpoint');
    assert.deepEqual(inShort(await rig.verify({ path })), []);
  }
  const [first = '', second = '', third = ''] = files;
  await rig.edit(second, (all) => all.slice(0, -3));
  const [cut = ''] = inShort(await rig.verify({ path: second }));
  assert.match(cut, /^cut-off/);
  await rm(second);
  assert.equal(inShort(await rig.verify()).length, 1);
  assert.match(inShort(await rig.verify())[0] ?? '', /^missing \d+ line 1$/);
  await rm(first);
  assert.match(inShort(await rig.verify()).join(), /^missing 1 line 1$/);
  const [line] = await linesIn(third);
  const after = { seq: Number(line?.seq) - 1, hash: String(line?.prev) };
  assert.deepEqual(inShort(await rig.verify({ after })), []);
  assert.match(inShort(await rig.verify({ after: { ...after, hash: '0'.repeat(64) } })).join(), /^changed/);
});

test('files that need not be kept are removed, which the log tells; others that are gone are missing', async () => {
  await using rig = await logRig();
  const audit = await rig.open({ keepDays: 2, fileBytes: 4_000 });
  for (let n = 0; n < 18; n++) {
    noteSession(audit, n, rig.clock.now());
    await audit.flushed();
    if (n % 3 === 2) await rig.clock.pass(dayMs);
  }
  await audit[Symbol.asyncDispose]();
  const files = await rig.files();
  assert.equal(basename(files[0] ?? '').slice(19, 29), '2030-01-03');
  const verified = await rig.verify();
  assert.deepEqual(inShort(verified), []);
  assert.match(verified.notes[0]?.message ?? '', /^lines 1 to \d+ are removed by the part itself/);
  await rm(files[0] ?? '');
  assert.match(inShort(await rig.verify()).join(), /^missing 1 line 1$/);
});

test('a file alone, without head or next one, is good where it ends as a file does', async () => {
  await using rig = await logRig();
  const audit = await rig.open();
  noteSession(audit, 1, rig.clock.now());
  await audit[Symbol.asyncDispose]();
  const [file = ''] = await rig.files();
  const path = join(dirname(rig.directory), basename(file));
  await copyFile(file, path);
  assert.deepEqual(inShort(await rig.verify({ path })), []);
  await rig.edit(path, (all) => all.slice(0, -1));
  assert.deepEqual(inShort(await rig.verify({ path })), ['end-unknown -']);
});

test('a checkpoint is made after so many lines, and after a time, and where nothing happens there is none', async () => {
  await using rig = await logRig();
  const audit = await rig.open({ checkpointLines: 4, checkpointMs: 1_000 });
  await rig.clock.pass(60_000);
  assert.deepEqual(await kindsIn(rig), ['log begun', 'checkpoint begun']);
  for (let n = 0; n < 6; n++) audit.note('gateway-online', { n });
  await audit.flushed();
  assert.deepEqual((await kindsIn(rig)).slice(6), ['checkpoint lines', 'gateway-online', 'gateway-online']);
  const open = await rig.verify();
  assert.deepEqual([open.wrong.length, open.notes.length], [0, 1]);
  await rig.clock.pass(1_000);
  await audit.flushed();
  assert.equal((await kindsIn(rig)).at(-1), 'checkpoint time');
  await audit[Symbol.asyncDispose]();
});

test('a renewed identity signs from then on', async () => {
  await using rig = await logRig();
  const held = new HeldIdentity(rig.identity);
  const ground = { identity: held, clock: rig.clock, log: silentLog };
  const audit = await openAudit({ directory: rig.directory, checkpointLines: 2 }, ground);
  const authority = await openAuthority(join(dirname(rig.directory), 'authority'), () => rig.clock.now());
  for (let n = 0; n < 3; n++) {
    held.replace(await authority.issue({ endpointId: held.endpointId, role: held.role }));
    audit.note('gateway-online', { n });
    audit.note('gateway-offline', { n });
    await audit.flushed();
  }
  await audit[Symbol.asyncDispose]();
  assert.deepEqual(inShort(await rig.verify()), []);
});

test('a directory that cannot be written is an error, told once and counted; it is tried again, and nothing is lost', async () => {
  await using rig = await logRig();
  await writeFile(rig.directory, 'in the way');
  const audit = await rig.open();
  for (let n = 0; n < 10; n++) noteSession(audit, n, rig.clock.now());
  await rig.pass(30);
  const { failures, failing, waiting, lost } = audit.state;
  assert.deepEqual([rig.errors.length, waiting, lost], [1, 30, 0]);
  assert.ok(failures >= 3 && failing, `${failures} ${failing}`);
  await rm(rig.directory);
  await rig.pass(60);
  assert.deepEqual([audit.state.waiting, audit.state.failing], [0, undefined]);
  await audit[Symbol.asyncDispose]();
  const kinds = await kindsIn(rig);
  assert.equal(kinds.filter((kind) => kind.startsWith('session-')).length, 30);
  assert.deepEqual(inShort(await rig.verify()), []);
});

test('what waits is bounded; what had no room is counted in its place', async () => {
  await using rig = await logRig();
  await writeFile(rig.directory, 'in the way');
  const audit = await rig.open({ mostWaiting: 20_000 });
  for (let n = 0; n < 500; n++) {
    noteSession(audit, n, rig.clock.now());
    if (n % 100 === 0) await rig.clock.pass(1_000);
  }
  const { waiting, lost } = audit.state;
  assert.equal(waiting - 1 + lost, 1_500);
  assert.ok(waiting < 100);
  await rm(rig.directory);
  await rig.pass(60);
  noteSession(audit, 501, rig.clock.now());
  await audit[Symbol.asyncDispose]();
  const { wrong, notes } = await rig.verify();
  assert.deepEqual(wrong, []);
  assert.match(notes[0]?.message ?? '', new RegExp(`^${lost} lines could not be kept`));
  const [file = ''] = await rig.files();
  const kinds = (await linesIn(file)).map(({ kind }) => kind);
  assert.equal(kinds.indexOf('lines-lost'), waiting + 1);
  assert.deepEqual(kinds.slice(-4), ['session-asked', 'session-opened', 'session-closed', 'checkpoint']);
});

test('a file that is taken away, or written by somebody else, is an error, and the gap stays in the chain', async () => {
  await using rig = await logRig();
  const audit = await rig.open({ checkpointMs: 1_000 });
  noteSession(audit, 1, rig.clock.now());
  await audit.flushed();
  const [file = ''] = await rig.files();
  await rename(file, join(dirname(rig.directory), 'taken'));
  await rig.pass(3);
  noteSession(audit, 2, rig.clock.now());
  await audit[Symbol.asyncDispose]();
  assert.match(rig.errors.join('\n'), /the audit cannot be written.*ENOENT/);
  const [missing = ''] = inShort(await rig.verify());
  assert.match(missing, /^missing 1 line 1$/);
});

test('two parts in one directory are told, not silent', async () => {
  await using rig = await logRig();
  const one = await rig.open({ checkpointMs: 1_000 });
  const other = await rig.open({ checkpointMs: 1_000 });
  noteSession(one, 1, rig.clock.now());
  noteSession(other, 2, rig.clock.now());
  await rig.pass(1);
  assert.match(rig.errors.join('\n'), /an audit directory is for one part alone/);
});

test('a line has a bounded length, whatever is noted', async () => {
  await using rig = await logRig();
  const audit = await rig.open();
  audit.note('session-refused', { reason: 'x'.repeat(200_000), code: 'timeout' });
  audit.note('session-refused', { many: Array.from({ length: 40_000 }, (_, n) => n) });
  audit.note('session-refused', { odd: 'line\nend \u{1f4a3} "quoted" \u2028 \ud800' });
  await audit[Symbol.asyncDispose]();
  const [file = ''] = await rig.files();
  const texts = (await readFile(file, 'utf8')).split('\n');
  assert.ok(texts.every((text) => Buffer.byteLength(text) <= mostLineBytes));
  const lines = await linesIn(file);
  assert.deepEqual([String(lines[2]?.reason).length, lines[2]?.code], [259, 'timeout']);
  assert.ok(Number(lines[3]?.tooLong) > 40_000);
  assert.match(String(lines[4]?.odd), /^line\nend/);
  assert.deepEqual(inShort(await rig.verify()), []);
});

test('a log that was never begun leaves no trace', async () => {
  await using rig = await logRig();
  const audit = new AuditLog(
    { directory: rig.directory },
    { identity: rig.identity, clock: rig.clock, log: silentLog },
  );
  await audit[Symbol.asyncDispose]();
  await assert.rejects(rig.verify(), /ENOENT/);
});

test('there is nothing to verify where there is no log', async () => {
  await using rig = await logRig();
  const never = new AbortController().signal;
  await assert.rejects(rig.verify(), /ENOENT/);
  await mkdir(rig.directory);
  await assert.rejects(rig.verify(), /there is no audit log here/);
  assert.throws(() => trustIn('no certificate'), /no certificate/);
  await assert.rejects(verifyLog({ path: join(rig.directory, 'nothing') }, never), /ENOENT/);
});
