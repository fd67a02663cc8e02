import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unreachable } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import { sshNftDriver } from './index.ts';
import { keepHooks, putInPlace } from './place.ts';
import { rulesets, rulesetsOf } from './test/ruleset.ts';
import { SimulatedLinux } from './test/simulated-linux.ts';

const interfaces = { wan: ['wan0'], lan: ['lan0'], listening: [22] };
const chain = (table: string, name: string, rules: string) =>
  `table ${table} {\n\tchain ${name} {\n\t\ttype filter hook forward priority filter; policy drop;\n${rules}\t}\n}\n`;

function gateway(others: Record<string, string>) {
  const linux = new SimulatedLinux(new VirtualClock());
  linux.others = new Map(Object.entries(others));
  const place = () => putInPlace(linux.link(), rulesets, interfaces, AbortSignal.timeout(5_000));
  return { linux, place };
}

test('who only asks where a gateway is changes nothing there, and leaves', async () => {
  const { linux } = gateway({});
  const link = linux.link();
  const driver = sshNftDriver({
    ...{ ssh: { connect: async () => link }, rulesets: rulesetsOf, clock: new VirtualClock() },
    lost: () => assert.fail('nobody is to be told'),
  });
  const communication = { host: 'h', privateKey: 'k', hostKey: 'SHA256:x', wan: 'wan0', lan: 'lan0' };
  const addresses = await driver.greet?.(
    { gatewayId: 'g', type: 'ssh-nft', communication },
    AbortSignal.timeout(5_000),
  );
  assert.equal(addresses?.global.length, 2, JSON.stringify(addresses));
  assert.equal(linux.version, undefined);
  assert.equal(linux.inputs.length, 1);
  assert.equal(link.closed, true);
});

test('alone it becomes the owner, at the first connection, and is found at the next with one question', async () => {
  const { linux, place } = gateway({});
  assert.equal((await place()).mode, 'owner');
  assert.equal(linux.version, rulesets.owner.version);
  linux.inputs.length = 0;
  assert.equal((await place()).mode, 'owner');
  assert.equal(linux.inputs.length, 1);
});

test('beside another firewall it becomes its guest, and puts back what a reload took', async () => {
  const forward = 'ip filter FORWARD';
  const { linux, place } = gateway({ [forward]: chain('ip filter', 'FORWARD', '') });
  const first = await place();
  assert.equal(first.mode, 'guest');
  assert.deepEqual([...linux.hooked], [forward]);
  assert.equal(linux.version, first.ruleset.version);
  assert.notEqual(linux.version, rulesets.owner.version);
  linux.inputs.length = 0;
  assert.equal((await place()).mode, 'guest');
  assert.ok(!linux.inputs.some((input) => /^(?:delete|insert)/m.test(input)), 'nothing is changed');

  linux.hooked.clear();
  await place();
  assert.deepEqual([...linux.hooked], [forward]);
  linux.hooked.clear();
  const { signal } = new AbortController();
  await keepHooks(linux.link(), first.hooks, signal);
  assert.deepEqual([...linux.hooked], [forward]);
  linux.inputs.length = 0;
  await keepHooks(linux.link(), first.hooks, signal);
  assert.deepEqual(linux.inputs, [`nft\nlist chain ${forward}\n`]);
  linux.others.clear();
  await assert.rejects(keepHooks(linux.link(), first.hooks, signal), /ip filter FORWARD/);
});

test('where there is no place for it, it says why and changes nothing', async () => {
  const marking = chain('inet x', 'f', '\t\tct mark set 0x00000001\n');
  const { linux, place } = gateway({ 'inet x f': marking });
  await assert.rejects(
    place(),
    (error: Error) => error instanceof Unreachable && /own firewall .* sets connection marks/.test(error.message),
  );
  assert.equal(linux.version, undefined);
  assert.deepEqual([...linux.hooked], []);
});
