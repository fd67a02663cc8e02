import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Chance } from './chance.ts';
import { keepInput, readCorpus } from './corpus.ts';
import { type RunOptions, runTargets } from './crew.ts';
import type { Finding } from './finding.ts';
import { mutate } from './mutate/mutate.ts';
import { shrink } from './shrink.ts';
import { targets } from './targets.ts';
import type { TrialReport } from './trial.ts';

async function run(names: readonly string[], over: Partial<RunOptions> = {}) {
  const findings: Finding[] = [];
  const reports = new Map<string, TrialReport>();
  const options: RunOptions = {
    table: new URL('test/faulty-targets.ts', import.meta.url).href,
    targets: names,
    forMs: 200 * names.length,
    seed: 'any',
    workers: 2,
    corpus: join(tmpdir(), 'sluice-no-such-corpus'),
    bounds: { inputMs: 20, growthBytes: 1 << 20, hangMs: 1_000, mostBytes: 256 },
    onFinding: (finding) => findings.push(finding),
    onReport: (report) => reports.set(report.target, report),
    ...over,
  };
  await runTargets(options, AbortSignal.timeout(60_000));
  return { findings, reports };
}

test('each fault is found, told once, and shown by a short input; what follows is tried all the same', async () => {
  const { findings, reports } = await run(['throws', 'hangs', 'dies', 'breaks', 'slow', 'sound']);
  assert.deepEqual(findings.map(({ target, fault }) => `${target} ${fault}`).sort(), [
    'breaks throws',
    'dies dies',
    'hangs hangs',
    'slow slow',
    'throws throws',
  ]);
  assert.ok(findings.every(({ input }) => input.includes(7)));
  const shortest = findings.filter(({ fault }) => fault === 'throws' || fault === 'slow');
  assert.deepEqual(
    shortest.map(({ input }) => [...input]),
    shortest.map(() => [7]),
  );
  assert.deepEqual([...reports.keys()].sort(), ['breaks', 'dies', 'hangs', 'slow', 'sound', 'throws']);
  assert.ok((reports.get('sound')?.tried ?? 0) > 100);
});

test('a heap that grows is measured', async () => {
  const { reports } = await run(['grows', 'sound'], { forMs: 1_500 });
  const [grows, sound] = [reports.get('grows')?.growthBytes ?? 0, reports.get('sound')?.growthBytes ?? 0];
  assert.ok(grows > 1 << 20, `${grows}`);
  assert.ok(sound < 1 << 20, `${sound}`);
});

test('an input that once failed comes first, and the run ends where it is told to', async () => {
  const corpus = mkdtempSync(join(tmpdir(), 'sluice-corpus-'));
  try {
    const finding = { target: 'throws', fault: 'throws', signature: '', message: '', input: Uint8Array.of(7) } as const;
    keepInput(corpus, finding);
    assert.deepEqual(
      [...(readCorpus(corpus, 'throws').values() ?? [])].map((bytes) => [...bytes]),
      [[7]],
    );
    assert.equal(readdirSync(join(corpus, 'throws')).length, 1);
    const { findings, reports } = await run(['throws'], { corpus, forMs: 0 });
    assert.deepEqual(
      findings.map(({ message }) => message.split('\n')[0]),
      ['TypeError: what is 1?'],
    );
    assert.equal(reports.get('throws')?.tried, 3);
  } finally {
    rmSync(corpus, { recursive: true });
  }
});

test('the same seed makes the same inputs, none longer than its target takes', () => {
  const inputs = (seed: string) =>
    targets.map(({ seeds, mutators, words, mostBytes, name }) => {
      const chance = new Chance(seed);
      const material = { chance, words: words.map((word) => Buffer.from(word)), other: () => chance.pick(seeds) };
      // Signatures are made anew each time.
      const repeatable = name === 'consent' ? [] : mutators;
      return Array.from({ length: 60 }, () => {
        const made = mutate(chance.pick(seeds), repeatable, material, mostBytes);
        assert.ok(made.length <= mostBytes);
        return Buffer.from(made).toString('base64');
      });
    });
  assert.deepEqual(inputs('1'), inputs('1'));
  assert.notDeepEqual(inputs('1'), inputs('2'));
});

test('mutation leaves its material as it was', () => {
  for (const { seeds, mutators, words, mostBytes } of targets) {
    const before = seeds.map((seed) => Buffer.from(seed).toString('base64'));
    const chance = new Chance('material');
    const material = { chance, words: words.map((word) => Buffer.from(word)), other: () => chance.pick(seeds) };
    for (let i = 0; i < 200; i++) mutate(chance.pick(seeds), mutators, material, mostBytes);
    assert.deepEqual(
      seeds.map((seed) => Buffer.from(seed).toString('base64')),
      before,
    );
  }
});

test('shrinking ends at an input of which nothing can be left out', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.nat(255), { maxLength: 3 }),
      async (bytes, wanted) => {
        const shows = async (candidate: Uint8Array) => wanted.every((byte) => candidate.includes(byte));
        const input = Uint8Array.from([...bytes, ...wanted]);
        const short = await shrink(input, shows, 1_000);
        assert.deepEqual([...short].sort(), [...new Set(wanted)].sort());
      },
    ),
  );
});

test('chance is even, and stays in its limits', () => {
  const chance = new Chance('even');
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const drawn = chance.below(10);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
    const size = chance.size(100);
    assert.ok(size >= 1 && size <= 100);
  }
  assert.ok(
    counts.every((count) => count > 800 && count < 1_200),
    counts.join(),
  );
  assert.throws(() => chance.pick([]), RangeError);
});
