import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { passDay } from './test/day.ts';
import { inShort, type LogRig, logRig } from './test/log-rig.ts';

let rig: LogRig;
let pristine: string;
/** Lines of the day's one file. */
let lines: string[];

before(async () => {
  rig = await logRig();
  const audit = await rig.open({ checkpointLines: 500, checkpointMs: 600_000 });
  await passDay(rig, audit, 1_500);
  await audit[Symbol.asyncDispose]();
  pristine = join(dirname(rig.directory), 'pristine');
  await cp(rig.directory, pristine, { recursive: true });
  const [file = '', ...others] = await rig.files();
  assert.deepEqual(others, []);
  lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  assert.ok(lines.length > 4_500);
});
after(() => rig[Symbol.asyncDispose]());

/** Does something to the day's log, and gives what verifying says then. */
async function afterwards(change: (lines: string[]) => readonly string[], wish = {}): Promise<string[]> {
  await rm(rig.directory, { recursive: true });
  await cp(pristine, rig.directory, { recursive: true });
  const [file = ''] = await rig.files();
  await rig.edit(file, change);
  return inShort(await rig.verify(wish));
}

const kindOf = (line: string | undefined) => (JSON.parse(line ?? '{}') as { kind?: string }).kind;

/** A line of the day that is no checkpoint, and neither are those around it; its number. */
function ordinary(from: number): number {
  let number = from;
  while ([-1, 0, 1, 2].some((by) => kindOf(lines[number - 1 + by]) === 'checkpoint')) number++;
  return number;
}

test("a day's log is as it was written", async () => {
  const verified = await rig.verify();
  assert.deepEqual([verified.wrong, verified.notes], [[], []]);
  assert.equal(verified.lines, lines.length);
  assert.equal(verified.last?.seq, lines.length);
  assert.equal(verified.signer?.endpointId, 'self::configuration-1');
});

test('one line removed is found', async () => {
  for (const at of [1, ordinary(2_000), lines.length - 1])
    assert.deepEqual(await afterwards((all) => all.toSpliced(at - 1, 1)), [`missing ${at} line ${at}`]);
});

test('several lines removed are found', async () => {
  const at = ordinary(2_000);
  const verified = await afterwards((all) => all.toSpliced(at - 1, 7));
  assert.deepEqual(verified, [`missing ${at} line ${at}`]);
});

test('one line changed is found, whatever is changed in it', async () => {
  const at = ordinary(3_000);
  const changes: [RegExp, string][] = [
    [/self::/, 'self:;'],
    [/"at":"2030/, '"at":"2031'],
    [/"kind":"/, '"kind":"x'],
    [/\}$/, ' }'],
    [/"prev":"./, '"prev":"x'],
    [/"prev":"\w{8}/, '"prev":"00000000'],
    [/"seq":/, '"seq":1'],
  ];
  for (const [part, other] of changes) {
    const found = await afterwards((all) => all.with(at - 1, (all[at - 1] ?? '').replace(part, other)));
    const kind = other === '"prev":"x' ? 'unreadable' : 'changed';
    assert.deepEqual(found, [`${kind} ${at} line ${at}`], other);
  }
});

test('one line reordered is found', async () => {
  const at = ordinary(1_000);
  const swapped = await afterwards((all) => all.with(at - 1, all[at] ?? '').with(at, all[at - 1] ?? ''));
  assert.deepEqual(swapped, [`out-of-order ${at} line ${at + 1}`]);
  const far = await afterwards((all) => all.toSpliced(at - 1, 1).toSpliced(at + 499, 0, all[at - 1] ?? ''));
  assert.deepEqual(far, [`out-of-order ${at} line ${at + 500}`]);
});

test('the last ten lines cut off are found', async () => {
  const left = lines.length - 10;
  assert.deepEqual(await afterwards((all) => all.slice(0, -10)), [`cut-off ${left + 1} line ${left}`]);
  assert.deepEqual(await afterwards(() => []), ['cut-off 1']);
});

test('a line that was put in is found, a copy or one that was made up', async () => {
  const at = ordinary(1_500);
  const copied = await afterwards((all) => all.toSpliced(at, 0, all[at - 2] ?? ''));
  assert.deepEqual(copied, [`put-in ${at - 1} line ${at + 1}`]);
  const madeUp = await afterwards((all) => all.toSpliced(at, 0, '{"kind":"session-closed"}'));
  assert.deepEqual(madeUp, [`unreadable ${at + 1} line ${at + 1}`]);
});

test('lines of every kind of damage at once are each found', async () => {
  const [one, two, three] = [ordinary(500), ordinary(1_700), ordinary(3_700)];
  const found = await afterwards((all) =>
    all
      .with(one - 1, (all[one - 1] ?? '').replace('self::', 'self:;'))
      .with(two - 1, all[two] ?? '')
      .with(two, all[two - 1] ?? '')
      .toSpliced(three - 1, 1)
      .slice(0, -1),
  );
  assert.deepEqual(found, [
    `changed ${one} line ${one}`,
    `out-of-order ${two} line ${two + 1}`,
    `missing ${three} line ${three}`,
    `cut-off ${lines.length} line ${lines.length - 2}`,
  ]);
});

test('a log that is nothing but garbage is told in bounded words', async () => {
  const [file = ''] = await rig.files();
  await writeFile(file, 'x\n'.repeat(20_000));
  const { wrong, more } = await rig.verify();
  assert.equal(wrong.length, 1_000);
  assert.ok(more > 18_000);
  await writeFile(file, Buffer.alloc(4 << 20, 0x20));
  assert.ok(inShort(await rig.verify()).some((found) => found.startsWith('cut-off')));
});
