import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cwmpTraits } from './index.ts';

test('the README tells every trait as it is', () => {
  const text = readFileSync(`${import.meta.dirname}/README.md`, 'utf8');
  const [, table = ''] = text.split('## What such a gateway can express');
  const told = new Map(
    [...(table.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` +\| ([^|]+) \| ([^|]+) \|$/gm)].map(
      ([, name = '', value = '', why = '']) => [name, { value: value.trim(), why }],
    ),
  );
  const { lease, families, portAgreement, ipv6, ...flags } = cwmpTraits;
  const values = Object.fromEntries([...told].map(([name, { value }]) => [name, value]));
  assert.deepEqual(values, {
    ...Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)])),
    families: families.join(', '),
    portAgreement: portAgreement.join(', '),
    lease: `${lease?.leastSeconds} to ${lease?.mostSeconds} s`,
  });
  // What is different for IPv6 is said where it is.
  for (const name of Object.keys(ipv6 ?? {})) assert.match(told.get(name)?.why ?? '', /true for IPv6/i, name);
});
