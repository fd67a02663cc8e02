import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadText, ownerRuleset } from './ruleset.ts';

test('the owner ruleset is the text in owner.nft, word for word', () => {
  const golden = readFileSync(join(import.meta.dirname, 'owner.nft'), 'utf8');
  assert.equal(ownerRuleset('sluice').text, golden);
});

test('the version is of the rules, whatever the table is called', () => {
  assert.equal(ownerRuleset('a').version, ownerRuleset('b').version);
  assert.ok(ownerRuleset('a').text.includes(`comment "${ownerRuleset('a').version}"`));
});

test('loading replaces the table and fills the interface sets', () => {
  const ruleset = ownerRuleset('sluice');
  const text = loadText(ruleset, { wan: ['wan0', 'ppp0'], lan: ['br-lan', 'eth0.7@x'], listening: [8445] });
  assert.equal(
    text,
    `table inet sluice {}\ndelete table inet sluice\n${ruleset.text}add element inet sluice wan { "wan0", "ppp0" }
add element inet sluice lan { "br-lan", "eth0.7@x" }
add element inet sluice listening { 8445 }
`,
  );
  assert.ok(!loadText(ruleset, { wan: [], lan: [] }).includes('add element'));
});

test('names that are no interface names are refused', () => {
  for (const name of ['', 'sixteen-letters-', 'a b', 'a"', 'a;b', 'a{', 'a\n'])
    assert.throws(() => loadText(ownerRuleset('sluice'), { wan: [name], lan: [] }), RangeError, name);
});
