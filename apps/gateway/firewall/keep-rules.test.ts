import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '@sluice/audit';
import { silentLog, VirtualClock } from '@sluice/io';
import { type Footing, type HeldOpening, LoadFailed, type RulesCheck } from '@sluice/kernel';
import { explainFooting, keepRules } from './keep-rules.ts';

const owner: Footing = { mode: 'owner' };
const guest: Footing = { mode: 'guest', beside: ['ufw', 'Docker'], hooks: [] };
const refused: Footing = { mode: 'refused', because: 'flow offloading is on: switch it off' };

/** Rules whose looks come out as told, the last one again and again. */
function watched(...checks: (RulesCheck | Error)[]) {
  const clock = new VirtualClock();
  const told: (Fields & { is: string })[] = [];
  const count = { looks: 0, loads: 0, lost: 0 };
  let onChange: (() => void) | undefined;
  let held: HeldOpening[] = [];
  const rules = keepRules({
    clock,
    log: silentLog,
    audit: { note: (kind, fields) => void told.push({ is: kind, ...fields }) },
    load: () => void count.loads++,
    onLost: () => void count.lost++,
    dataPlane: {
      check() {
        count.looks++;
        const check = checks.length > 1 ? checks.shift() : checks[0];
        if (check instanceof Error) throw check;
        assert.ok(check);
        return check;
      },
      watch(listener) {
        onChange = listener;
        return {
          [Symbol.dispose]() {
            onChange = undefined;
          },
        };
      },
      read: () => held,
    },
  });
  return {
    ...{ rules, clock, told, count },
    change: () => onChange?.(),
    hold: (openings: number) => {
      held = Array.from({ length: openings }, () => ({}) as HeldOpening);
    },
    isWatched: () => onChange !== undefined,
  };
}

const check = (standing: Footing, found: Footing, putBack: RulesCheck['putBack'] = 'nothing'): RulesCheck => ({
  ...{ standing, found, putBack },
});

test('as it stands at start, so it is told', () => {
  assert.deepEqual(watched(check(owner, owner)).rules.state, { mode: 'owner', beside: [] });
  const { rules, told } = watched(check(guest, guest));
  assert.deepEqual(rules.state, { mode: 'guest', beside: ['ufw', 'Docker'] });
  assert.deepEqual(told, []);
});

test('many changes are one look at once and one at the end of the wait, and no change is missed', async () => {
  const { rules, clock, count, change, isWatched } = watched(check(guest, guest));
  for (let n = 0; n < 100; n++) change();
  assert.equal(count.looks, 2);
  await clock.pass(200);
  assert.equal(count.looks, 3);
  await clock.pass(1_000);
  assert.equal(count.looks, 3);
  change();
  assert.equal(count.looks, 4);
  change();
  rules[Symbol.dispose]();
  await clock.pass(1_000);
  assert.equal(count.looks, 4);
  assert.ok(!isWatched());
});

test('what was put back is told; a lost table besides to whom had something in it', () => {
  const { change, told, count, clock } = watched(
    check(guest, guest),
    check(guest, guest, 'hooks'),
    check(guest, guest),
  );
  change();
  assert.deepEqual(told, [{ is: 'rules-put-back', what: 'hooks' }]);
  assert.equal(count.lost, 0);
  const flushed = watched(check(guest, owner, 'table'));
  assert.deepEqual(flushed.told[0], { is: 'rules-put-back', what: 'table' });
  assert.equal(flushed.count.lost, 1);
  assert.match(flushed.rules.state.trouble ?? '', /the other firewall is gone/);
  void clock;
});

test('a firewall that comes is moved in with where nothing is open, and told of where something is', () => {
  const free = watched(check(owner, owner), check(owner, guest), check(guest, guest));
  free.change();
  assert.equal(free.count.loads, 1);
  assert.deepEqual(free.rules.state, { mode: 'guest', beside: ['ufw', 'Docker'] });
  const busy = watched(check(owner, owner), check(owner, guest));
  busy.hold(1);
  busy.change();
  assert.equal(busy.count.loads, 0);
  assert.equal(busy.rules.state.mode, 'owner');
  assert.match(busy.rules.state.trouble ?? '', /^this machine has another firewall now \(ufw and Docker\)/);
  assert.equal(busy.told[0]?.is, 'firewall-changed');
});

test('trouble is told once for each, and forgotten when it is over', async () => {
  const { change, told, rules, clock } = watched(
    check(guest, guest),
    check(guest, refused),
    check(guest, refused),
    new LoadFailed('nft is gone'),
    check(guest, guest),
  );
  for (const trouble of [refused.because, refused.because, 'nft is gone', undefined]) {
    change();
    assert.equal(rules.state.trouble, trouble);
    await clock.pass(200);
  }
  assert.deepEqual(
    told.map(({ trouble }) => trouble),
    [refused.because, 'nft is gone'],
  );
  assert.equal(rules.state.mode, 'guest');
});

test('a footing in a sentence', () => {
  assert.match(explainFooting(owner), /No other firewall/);
  assert.match(explainFooting(guest), /^Another firewall governs .* \(ufw and Docker\)/);
  assert.match(explainFooting({ mode: 'guest', beside: [], hooks: [] }), /openings alone/);
  assert.equal(explainFooting(refused), `The gateway cannot run here: ${refused.because}.`);
});
