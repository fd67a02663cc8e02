import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../../../lab/build.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import { type KernelOpening, openDataPlane } from '../index.ts';

const opening: KernelOpening = {
  streamType: 'udp',
  remote: { address: '203.0.113.10', port: 7000 },
  global: { address: '203.0.113.1', port: 20_000 },
  local: { address: '192.168.1.2', port: 5000 },
  tag: 'watched',
};

test('rules that somebody changes are told; what comes and goes in sets, and our own doing, is not', async (t) => {
  await using network = await buildNetwork({ hosts: [{ name: 'box' }], networks: [] }, 'watch', t.signal);
  const within = <T>(act: () => T): T => inNamespace(network.namespace('box'), act);
  const nft = (text: string) => within(() => execFileSync('nft', ['-f', '-'], { input: text }));
  using plane = within(() => openDataPlane());
  within(() => plane.load({ wan: ['wan0'], lan: ['lan0'] }));
  let [first, second] = [0, 0];
  const watching = within(() => plane.watch(() => first++));
  using _ = within(() => plane.watch(() => second++));
  const told = async () => {
    await setTimeout(20);
    return [first, second];
  };

  assert.equal(plane.commit({ add: [{ opening, leaseMs: 60_000 }], renew: [], remove: [] }), undefined);
  within(() => plane.load({ wan: ['wan1'], lan: ['lan0'] }));
  nft('add element inet sluice wan { "wan7" }');
  assert.deepEqual(await told(), [0, 0]);

  nft('add table inet other');
  assert.deepEqual(await told(), [1, 1]);
  // Elements first, and many, do not hide the rule behind them.
  const many = Array.from({ length: 2_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`).join(', ');
  nft(`add set inet other s { type ipv4_addr; }\nadd chain inet other c`);
  assert.deepEqual(await told(), [2, 2]);
  nft(`add element inet other s { ${many} }\nadd rule inet other c accept`);
  assert.deepEqual(await told(), [3, 3]);
  // Another network's are another's.
  execFileSync('nft', ['add', 'table', 'inet', 'elsewhere']);
  execFileSync('nft', ['delete', 'table', 'inet', 'elsewhere']);
  assert.deepEqual(await told(), [3, 3]);

  watching[Symbol.dispose]();
  nft('delete table inet other');
  assert.deepEqual(await told(), [3, 4]);
  assert.deepEqual(within(() => plane.check()).putBack, 'nothing');
  nft('delete table inet sluice');
  assert.deepEqual(await told(), [3, 5]);
  assert.deepEqual(within(() => plane.check()).putBack, 'table');
  assert.deepEqual(plane.read(), []);
});
