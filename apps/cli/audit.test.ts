import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { passDay } from '../../packages/audit/test/day.ts';
import { type LogRig, logRig } from '../../packages/audit/test/log-rig.ts';
import { auditCommand } from './audit.ts';

let rig: LogRig;
let pristine: string;
let lines: string[];
let ca: string;

before(async () => {
  rig = await logRig();
  const audit = await rig.open();
  await passDay(rig, audit, 1_200);
  await audit[Symbol.asyncDispose]();
  pristine = join(dirname(rig.directory), 'pristine');
  await cp(rig.directory, pristine, { recursive: true });
  const [file = ''] = await rig.files();
  lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  ca = join(dirname(rig.directory), 'ca.pem');
  await writeFile(ca, rig.identity.caPem);
});
after(() => rig[Symbol.asyncDispose]());

/** Runs `sluice audit ...`. */
function sluice(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const main = join(import.meta.dirname, 'main.ts');
    execFile(process.execPath, [main, 'audit', ...args], { maxBuffer: 64 << 20 }, (error, out, err) =>
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

async function verifyAfter(change: (all: string[]) => readonly string[], ...more: string[]) {
  await rm(rig.directory, { recursive: true });
  await cp(pristine, rig.directory, { recursive: true });
  const [file = ''] = await rig.files();
  await rig.edit(file, change);
  return sluice('verify', rig.directory, '--ca', ca, '--of', 'self::configuration-1', ...more);
}

const name = 'audit-000000000001-2030-01-01.jsonl';

test("verify: a day's log, and one line removed, one changed, one reordered, the last ten cut off", async () => {
  const good = await verifyAfter((all) => all);
  assert.equal(good.status, 0, good.out + good.err);
  assert.match(
    good.out,
    new RegExp(
      `^the log of self::configuration-1 \\(configuration-server\\): ${lines.length} lines in 1 file, up to ${lines.length}:[0-9a-f]{64}\nnothing is wrong\n$`,
    ),
  );
  const removed = await verifyAfter((all) => all.toSpliced(1_999, 1));
  assert.equal(removed.status, 1);
  assert.match(removed.out, new RegExp(`^${name}:2000: seq 2000: missing: line 2000 is missing before this one\n`));
  const changed = await verifyAfter((all) => all.with(2_499, (all[2_499] ?? '').replace('self::tv', 'self::tw')));
  assert.equal(changed.status, 1);
  assert.match(changed.out, new RegExp(`^${name}:2500: seq 2500: changed: `));
  const reordered = await verifyAfter((all) => all.with(899, all[900] ?? '').with(900, all[899] ?? ''));
  assert.equal(reordered.status, 1);
  assert.match(reordered.out, new RegExp(`^${name}:901: seq 900: out-of-order: stands after seq 901\n`));
  const left = lines.length - 10;
  const cut = await verifyAfter((all) => all.slice(0, -10));
  assert.equal(cut.status, 1);
  assert.match(
    cut.out,
    new RegExp(`^${name}:${left}: seq ${left + 1}: cut-off: lines ${left + 1} to ${lines.length} are cut off`),
  );
});

test('verify: a position that was noted elsewhere, JSON, and what is not an option', async () => {
  const whole = await verifyAfter((all) => all, '--json');
  const { last, wrong } = JSON.parse(whole.out) as { last: { seq: number; hash: string }; wrong: unknown[] };
  assert.deepEqual([last.seq, wrong], [lines.length, []]);
  const noted = `${last.seq}:${last.hash}`;
  assert.equal((await verifyAfter((all) => all, '--expect', noted)).status, 0);
  const [cut] = [await verifyAfter((all) => all.slice(0, -1), '--expect', noted)];
  assert.match(cut.out, /says --expect/);
  const odd = await sluice('verify', rig.directory, '--expect', '12');
  assert.equal(odd.status, 1);
  assert.match(odd.err, /64 hexadecimal digits/);
  const nothing = await sluice('verify', join(rig.directory, 'nowhere'));
  assert.equal(nothing.status, 1);
  assert.match(nothing.err, /^sluice: ENOENT/);
});

test('export: the lines that are wanted, as they stand; show: the same for a person', async () => {
  await verifyAfter((all) => all);
  const all = await sluice('export', rig.directory);
  assert.deepEqual(all.out.split('\n').slice(0, -1), lines);
  const kindOf = (line: string) => (JSON.parse(line) as { kind: string }).kind;
  const some = await sluice(
    ...['export', rig.directory, '--kind', 'session-opened', 'session-closed'],
    ...['--gateway', 'self::gateway-7', '--appliance', 'self::tv-7'],
    ...['--from', '2030-01-01T06:00:00Z', '--to', '2030-01-01T12:00:00Z'],
  );
  const told = some.out.split('\n').slice(0, -1);
  assert.ok(told.length >= 2 && told.length <= 12, `${told.length}`);
  for (const line of told) {
    assert.ok(lines.includes(line));
    assert.match(kindOf(line), /^session-(opened|closed)$/);
    assert.match(line, /"at":"2030-01-01T(0[6-9]|1[01]):/);
    assert.match(line, /"gateway":"self::gateway-7"/);
  }
  const shown = await sluice('show', rig.directory, '--session', 's3');
  const [asked = '', opened = '', closed = ''] = shown.out.split('\n');
  assert.match(asked, /^2030-01-01T\S+ {2}\d+ {2}session-asked {2}session=s3 {2}request=r-3 {2}appliance=self::tv-4/);
  assert.match(opened, /openings=\[\(id=s3-0 stream=video remote=203\.0\.113\.10:7000 global=203\.0\.113\.4:16384/);
  assert.match(closed, /why=content-ended {2}packets=300 {2}bytes=360000$/);
  const [file = ''] = await rig.files();
  await rig.edit(file, (every) => every.with(5, 'garbage'));
  const broken = await sluice('export', rig.directory);
  assert.equal(broken.status, 1);
  assert.match(broken.err, /^1 lines could not be read/);
});

test('every command shows an example in its help', () => {
  for (const command of auditCommand().commands) {
    let help = '';
    command.configureOutput({ writeOut: (written) => (help += written) });
    command.outputHelp();
    assert.match(help, new RegExp(`Example:\\n  sluice audit ${command.name()}`));
  }
});
