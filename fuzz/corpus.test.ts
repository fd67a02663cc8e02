import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { corpusDirectory, readCorpus } from './corpus.ts';
import { targets } from './targets.ts';

for (const target of targets)
  describe(target.name, () => {
    test('takes its seeds, and not what is nearly one', async () => {
      for (const seed of target.nearSeeds ?? []) assert.ok(!(await target.feed(seed)).taken);
      for (const [index, seed] of target.seeds.entries()) {
        assert.ok(seed.length <= target.mostBytes, `seed ${index} is longer than ${target.mostBytes}`);
        const verdict = await target.feed(seed);
        assert.ok(verdict.taken, `seed ${index}: ${verdict.kind}`);
      }
    });

    test('keeps its promises on what once broke them', async () => {
      for (const [name, input] of readCorpus(corpusDirectory, target.name)) {
        await assert.doesNotReject(async () => target.feed(input), name);
      }
    });

    test('takes bytes that are nothing', async () => {
      for (const input of [new Uint8Array(), new Uint8Array(64), new Uint8Array(64).fill(0xff)])
        await target.feed(input);
    });
  });

test('every folder of the corpus belongs to a target', () => {
  const names = targets.map(({ name }) => name);
  assert.deepEqual(
    readdirSync(corpusDirectory).filter((folder) => !names.includes(folder)),
    [],
  );
});
