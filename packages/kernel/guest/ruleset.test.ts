import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownerRuleset } from '../ruleset.ts';
import { guestRuleset, ourBit } from './ruleset.ts';

const guest = guestRuleset('sluice');

test('the guest ruleset is the text in guest.nft, word for word', () => {
  assert.equal(guest.text, readFileSync(join(import.meta.dirname, 'guest.nft'), 'utf8'));
});

test('it has the maps and sets of the owner ruleset, and one more', () => {
  const named = (text: string) => text.match(/^ {2}(?:map|set) .*/gm) ?? [];
  const alive = '  set alive { type mark; flags timeout; }';
  assert.deepEqual(named(guest.text), [...named(ownerRuleset('sluice').text), alive]);
  assert.deepEqual(guest.numberSets, ['alive']);
});

test('it decides for nobody else: every chain that packets enter accepts, and no mark is set but in our bit', () => {
  const bases = guest.text.match(/^ {4}type .*/gm) ?? [];
  assert.equal(bases.length, 5);
  for (const base of bases) assert.match(base, /policy accept;$/);
  for (const line of guest.text.match(/.*\bmeta mark set\b.*/g) ?? [])
    assert.match(line, /meta mark set meta mark (?:\| 0x80000000 accept|& 0x7fffffff)$|counter drop$/);
});

test('the version is of the rules, and never that of the owner ruleset', () => {
  assert.equal(guestRuleset('a').version, guest.version);
  assert.notEqual(guest.version, ownerRuleset('sluice').version);
});

test('a number has our bit, says what is carried, and differs as the sequence does', () => {
  const carried = fc.oneof(
    fc.constantFrom(...(['tcp', 'udp', 'rtp', 'rtcp', 'rtp-mux'] as const)).map((streamType) => ({ streamType })),
    fc.integer({ min: 0, max: 127 }).map((payloadType) => ({ streamType: 'rtp' as const, payloadType })),
  );
  const sequence = fc.integer({ min: 0, max: 0xffffffff });
  const what = (number: number) => (number & 0xff800000) >>> 0;
  fc.assert(
    fc.property(carried, carried, sequence, sequence, (one, other, first, second) => {
      const number = guest.numberOf(one, first);
      assert.ok(number >= ourBit && number <= 0xffffffff && Number.isInteger(number));
      assert.ok(guest.isNumber(number));
      assert.equal(number, guest.numberOf(one, first + 0x800000 * 3));
      assert.equal(what(number) === what(guest.numberOf(other, second)), JSON.stringify(one) === JSON.stringify(other));
      if ((first ^ second) & 0x7fffff) assert.notEqual(number, guest.numberOf(one, second));
      // The rules look for it in its place.
      const payloadType = 'payloadType' in one ? one.payloadType : undefined;
      const text = `0x${what(number).toString(16)} ${payloadType === undefined ? ': ' : `. ${payloadType}`}`;
      assert.ok(guest.text.includes(text), text);
    }),
  );
  for (const theirs of [0, 1, 0xff00, 0x7fffffff]) assert.ok(!guest.isNumber(theirs));
});
