import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { igdTraits, quirkTable } from './index.ts';

const text = readFileSync(`${import.meta.dirname}/README.md`, 'utf8');

test('the README tells every trait as it is', () => {
  const table = text.split(/^## /m).find((section) => section.startsWith('What such a gateway can express')) ?? '';
  const told = new Map(
    [...table.matchAll(/^\| `(\w+)` +\| ([^|]+) \| ([^|]+) \|/gm)].map(([, name = '', four = '', six = '']) => [
      name,
      [four.trim(), six.trim()],
    ]),
  );
  const { ipv6, lease, families, portAgreement, ...flags } = igdTraits;
  const seconds = (range: typeof lease) => `${range?.leastSeconds} to ${range?.mostSeconds} s`;
  const lines: Record<string, [string, string]> = {
    families: [families.join(', '), families.join(', ')],
    portAgreement: [portAgreement.join(', '), '-'],
    lease: [seconds(lease), seconds(ipv6?.lease)],
  };
  for (const [name, value] of Object.entries(flags)) {
    const six = (ipv6 as Record<string, unknown> | undefined)?.[name] ?? value;
    lines[name] = [String(value), String(six)];
  }
  assert.deepEqual(Object.fromEntries(told), lines);
});

test('the README tells every quirk', () => {
  for (const { quirks } of quirkTable)
    for (const name of Object.keys(quirks)) assert.ok(text.includes(`\`${name}\``), name);
});
