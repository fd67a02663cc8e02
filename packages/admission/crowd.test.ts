import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressGroup } from './address-group.ts';
import { Crowd } from './crowd.ts';
import { FairLine } from './fair-line.ts';

const one = (group: string, worth = 0, name = '') => ({ group, worth, name });
type Step = { readonly group: string; readonly worth: number; readonly leaves: boolean };

test('an IPv4 address stands for itself, an IPv6 address for its /64', () => {
  assert.equal(addressGroup('203.0.113.1'), addressGroup('::ffff:203.0.113.1'));
  assert.notEqual(addressGroup('203.0.113.1'), addressGroup('203.0.113.2'));
  assert.equal(addressGroup('2001:db8:1:2::1'), addressGroup('2001:db8:1:2:ffff:ffff:ffff:ffff'));
  assert.notEqual(addressGroup('2001:db8:1:2::1'), addressGroup('2001:db8:1:3::1'));
  assert.equal(addressGroup(undefined), addressGroup('no address'));
});

test('one group has its own room, and its oldest makes room', () => {
  const crowd = new Crowd({ ofOne: 2, altogether: 3 });
  const [a, b, c, d] = [one('x'), one('x'), one('x'), one('y')];
  assert.equal(crowd.add(a), undefined);
  assert.equal(crowd.add(b), undefined);
  assert.equal(crowd.add(c), a);
  assert.equal(crowd.add(d), undefined);
  assert.equal(crowd.add(one('z')), b, 'the oldest of all, where all have no room');
  assert.equal(crowd.size, 3);
});

test('who is worth least makes room, and a newcomer always gets in', () => {
  const crowd = new Crowd({ ofOne: 3, altogether: 9 });
  const [busy, idle, silent] = [one('x', 3), one('x', 1), one('x', 0)];
  for (const each of [busy, idle, silent]) crowd.add(each);
  const next = one('x', 3);
  assert.equal(crowd.add(next), silent);
  assert.equal(crowd.add(one('x', 3)), idle);
  assert.equal(crowd.add(one('x', 0)), busy, 'all of one worth: the oldest');
});

test('whoever comes again is the last to have come, and nobody goes for it', () => {
  const crowd = new Crowd({ ofOne: 2, altogether: 2 });
  const [a, b] = [one('x'), one('x')];
  crowd.add(a);
  crowd.add(b);
  assert.equal(crowd.add(a), undefined);
  assert.equal(crowd.add(one('x')), b);
});

test('no crowd is ever larger than it may be, whoever comes and goes', () => {
  const step = fc.record({ group: fc.constantFrom('a', 'b', 'c', 'd'), worth: fc.nat(3), leaves: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const crowd = new Crowd<Step>({ ofOne: 3, altogether: 7 });
      const inside = new Set<Step>();
      for (const member of steps) {
        const leaving = crowd.add(member);
        inside.add(member);
        if (leaving) assert.ok(leaving !== member && inside.delete(leaving));
        if (member.leaves) {
          crowd.delete(member);
          inside.delete(member);
        }
        assert.equal(crowd.size, inside.size);
        assert.ok(inside.size <= 7);
        for (const group of 'abcd') assert.ok([...inside].filter((each) => each.group === group).length <= 3);
      }
    }),
  );
});

test('groups take turns, whoever has how many waiting', () => {
  const line = new FairLine<ReturnType<typeof one>>();
  for (let i = 0; i < 100; i++) line.add(one('flood', 0, `f${i}`));
  line.add(one('honest', 0, 'h0'));
  line.add(one('honest', 0, 'h1'));
  const gone = one('honest', 0, 'gone');
  line.add(gone);
  line.delete(gone);
  const order = Array.from({ length: 6 }, () => line.next()?.name);
  assert.deepEqual(order, ['f0', 'h0', 'f1', 'h1', 'f2', 'f3']);
  assert.equal(line.isEmpty, false);
});
