import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sluiceTraits } from './index.ts';

test('the README tells every trait as it is', () => {
  const text = readFileSync(`${import.meta.dirname}/README.md`, 'utf8');
  const told = new Map(
    [...text.matchAll(/^\| `(\w+)` +\| ([^|]+) \|/gm)].map(([, name, value]) => [name, value?.trim()]),
  );
  const { lease, families, portAgreement, protocols, ...flags } = sluiceTraits;
  assert.deepEqual(Object.fromEntries(told), {
    ...Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)])),
    families: families.join(', '),
    protocols: protocols?.join(', '),
    portAgreement: portAgreement.join(', '),
    lease: `${lease?.leastSeconds} to ${lease?.mostSeconds} s`,
  });
});
