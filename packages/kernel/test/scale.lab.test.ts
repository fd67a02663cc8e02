import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { inNamespace } from '../../../lab/packets/index.ts';
import type { KernelOpening } from '../index.ts';
import { sharedHome } from './home.ts';

const shared = sharedHome('scale');

test('two thousand openings in one change: all or none, read, renewed and removed', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const many = Array.from({ length: 2000 }, (_, index): KernelOpening => {
    const port = 16_384 + index;
    const local = { address: '192.168.1.3', port };
    return path.opening('rtp', { global: { address: path.global.address, port }, local, tag: `many-${index}` });
  });
  const lease = (openings: readonly KernelOpening[]) => openings.map((opening) => ({ opening, leaseMs: 600_000 }));
  const last = many.at(-1);
  assert.ok(last);
  const twice = home.plane.commit({ add: lease([...many, last]), renew: [], remove: [] });
  assert.deepEqual(twice, { reason: 'exists', errno: 17, at: { list: 'add', index: many.length } });
  assert.deepEqual(home.plane.read(), []);

  assert.equal(home.plane.commit({ add: lease(many), renew: [], remove: [] }), undefined);
  assert.equal(home.plane.read().length, many.length);
  assert.ok(home.plane.look(many).every((held, index) => held?.tag === many[index]?.tag));
  for (const opening of [many[0], many[1000], last]) {
    assert.ok(opening);
    const trial = { by: 'media', from: path.remote, to: opening.global, content: 'rtp' } as const;
    const arrived = await home.passing(trial);
    assert.deepEqual(
      arrived.map(({ to }) => to),
      [opening.local, opening.local, opening.local],
    );
  }
  assert.equal(home.plane.commit({ add: [], renew: lease(many.slice(0, 1000)), remove: many.slice(1000) }), undefined);
  assert.equal(home.plane.read().length, 1000);
  assert.equal(home.plane.commit({ add: [], renew: [], remove: many }), undefined);
  assert.deepEqual(home.plane.read(), []);
  const left = inNamespace(home.network.namespace('gateway-1'), () =>
    execFileSync('nft', ['list', 'table', 'inet', 'sluice'], { encoding: 'utf8' }),
  );
  // Of named sets only those of interfaces hold anything.
  assert.deepEqual(left.match(/elements = .*/g), ['elements = { "wan0" }', 'elements = { "lan0" }']);
});
