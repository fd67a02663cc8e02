import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gatewayConfig } from '../config.ts';
import { readConfig, readPolicy } from './read-json.ts';

const least = {
  identity: './gateway',
  interfaces: { wan: ['wan0'], lan: ['lan0'] },
  controllers: [{ endpointId: 'self::configuration-1', url: 'wss://203.0.113.21:8445/usp' }],
};

test('a configuration needs little, and the controllers it dials may open', async () => {
  const config = gatewayConfig.parse(least);
  assert.equal(config.listen, undefined);
  assert.equal(config.controlSocket, '/run/sluice/gateway.sock');
  assert.deepEqual((await readPolicy(config)).controllers, [
    { endpointId: 'self::configuration-1', right: 'open', withoutRequest: false },
  ]);
});

test('a policy of its own says who may open, whoever is dialled', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  t.after(() => rm(directory, { recursive: true }));
  const policy = join(directory, 'policy.json');
  await writeFile(policy, JSON.stringify({ controllers: [], openings: 7 }));
  const file = join(directory, 'gateway.json');
  await writeFile(file, JSON.stringify({ ...least, policy }));
  const read = await readPolicy(await readConfig(file));
  assert.deepEqual([read.controllers, read.openings], [[], 7]);
});

test('what is wrong in a file is said with its name', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'gateway.json');
  await assert.rejects(readConfig(file), /cannot read .*gateway\.json/);
  const wrong: [string, RegExp][] = [
    ['{', /gateway\.json is no JSON/],
    [JSON.stringify({ ...least, identity: 7 }), /gateway\.json: .*identity/s],
    [JSON.stringify({ ...least, interfaces: { wan: ['eth0'], lan: ['eth0'] } }), /faces one way/],
    [JSON.stringify({ ...least, interfaces: { wan: [], lan: ['eth0'] } }), /wan/],
    [JSON.stringify({ ...least, controllers: [] }), /nobody could ever reach/],
    [JSON.stringify({ ...least, controllers: [{ endpointId: 'self::a', url: 'ws://a/usp' }] }), /wss/],
    [JSON.stringify({ ...least, controllers: [{ endpointId: 'a', url: 'wss://a/usp' }] }), /endpoint id/],
    [JSON.stringify({ ...least, policy: { globalPorts: { first: 1, last: 2 } } }), /policy/],
    [JSON.stringify({ ...least, Listen: {} }), /Listen/],
  ];
  for (const [text, says] of wrong) {
    await writeFile(file, text);
    await assert.rejects(readConfig(file), says);
  }
});
