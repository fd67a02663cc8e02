import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { Endpoint, Family } from '@sluice/model';
import { inNamespace } from '../../../lab/packets/index.ts';
import { LoadFailed, openDataPlane } from '../index.ts';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('adoption');

test('a new agent adopts what the kernel holds, and its streams run on', { timeout: 60_000 }, async () => {
  const home = shared();
  const paths = ([4, 6] satisfies Family[]).map((family) => home.path(family));
  const openings = paths.map((path, index) => path.opening('rtp', { tag: `${index}|owner` }));
  for (const opening of openings) home.open(opening);
  const inward = paths.map(({ remote, global }): Trial => ({ by: 'media', from: remote, to: global, content: 'rtp' }));
  for (const trial of inward) assert.equal(await home.passed(trial), 3);

  const gateway = home.network.namespace('gateway-1');
  using next = home.openPlane();
  const adopted = inNamespace(gateway, () => next.load({ wan: ['wan0'], lan: ['lan0'] }));
  assert.equal(adopted, 'adopted');
  const read = next.read();
  assert.deepEqual(read.map(({ tag }) => tag).sort(), ['0|owner', '1|owner']);
  for (const held of read) assert.equal(held.packets, 3);
  for (const trial of inward) assert.equal(await home.passed(trial), 3);
  assert.equal(next.commit({ add: [], renew: [], remove: openings }), undefined);
  for (const trial of inward) assert.equal(await home.passed(trial), 0);
});

test('interfaces are data: an adopted table takes other ones', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  home.open(path.opening('udp'));
  const { remote, global } = path;
  const inward: Trial = { by: 'media', from: remote, to: global };
  const use = (wan: string[], lan: string[]) =>
    inNamespace(home.network.namespace('gateway-1'), () => home.plane.load({ wan, lan }));
  assert.equal(use(['wan1'], ['lan0']), 'adopted');
  assert.equal(await home.passed(inward), 0);
  assert.equal(use(['wan0'], ['lan0', 'br-guest']), 'adopted');
  assert.equal(await home.passed(inward), 3);
  assert.throws(() => use(['wan0 }'], []), RangeError);
});

test('a table of another version is replaced, closed', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  home.open(path.opening('udp'));
  const gateway = home.network.namespace('gateway-1');
  const nft = (input: string) => inNamespace(gateway, () => spawnSync('nft', ['-f', '-'], { input, encoding: 'utf8' }));
  assert.equal(nft('delete table inet sluice\ntable inet sluice { comment "other"; }\n').status, 0);
  assert.equal(home.load(), 'loaded');
  assert.deepEqual(home.plane.read(), []);
  const { remote, global } = path;
  assert.equal(await home.passed({ by: 'media', from: remote, to: global }), 0);
});

test("what somebody took from the table by hand does not stop an opening's removal", { timeout: 60_000 }, () => {
  const home = shared();
  const gateway = home.network.namespace('gateway-1');
  const path = home.path(4);
  const opening = path.opening('udp');
  home.open(opening);
  const nft = (...words: string[]) => inNamespace(gateway, () => execFileSync('nft', words, { encoding: 'utf8' }));
  const key = (a: Endpoint, b: Endpoint) => `{ udp . ${a.address} . ${a.port} . ${b.address} . ${b.port} }`;
  if (home.translates) nft('delete', 'element', 'inet', 'sluice', 'out4_sap', key(path.local, path.remote));
  home.close(opening);
  assert.ok(!nft('list', 'map', 'inet', 'sluice', 'in4_sap').includes('elements'));
  assert.ok(!nft('list', 'map', 'inet', 'sluice', 'live').includes('elements'));
});

test('without a table, or without nft, it says so', { timeout: 60_000 }, async () => {
  const home = shared();
  const gateway = home.network.namespace('gateway-1');
  inNamespace(gateway, () => spawnSync('nft', ['delete', 'table', 'inet', 'sluice']));
  const opening = home.path(4).opening('udp');
  const failure = home.plane.commit({ add: [{ opening, leaseMs: 1000 }], renew: [], remove: [] });
  assert.deepEqual(failure, { reason: 'refused', errno: 2, at: { list: 'add', index: 0 } });
  assert.deepEqual(home.plane.read(), []);
  using without = inNamespace(gateway, () => openDataPlane({ nft: '/nonexistent/nft' }));
  assert.throws(() => inNamespace(gateway, () => without.load({ wan: ['wan0'], lan: ['lan0'] })), LoadFailed);
});
