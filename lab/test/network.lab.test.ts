import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { Family } from '@sluice/model';
import { type BuiltNetwork, buildNetwork } from '../build.ts';
import { startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { homes } from '../topologies/home.ts';

const answering = `
  require('node:net').createServer((s) => s.end(s.remoteAddress)).listen(9000, '::', () =>
    console.log(JSON.stringify({ ready: 'echo' })));`;
const asking = `
  const s = require('node:net').connect({ host: process.argv[1], port: 9000 });
  s.on('data', (d) => process.stdout.write(d)).on('error', (e) => { console.error(e.code); process.exit(1); });`;

/** The address that `to` saw `from` come from. */
function ask(network: BuiltNetwork, from: string, to: string, signal: AbortSignal): Promise<string> {
  return run(['nsenter', `--net=${network.namespace(from)}`, process.execPath, '-e', asking, to], signal);
}

test('hosts reach each other as the topology says, each a machine of its own', { timeout: 60_000 }, async (t) => {
  await using network = await buildNetwork(homes(2), 'net', t.signal);
  const start = (host: string) =>
    startOnHost(
      { name: host, namespace: network.namespace(host), command: [process.execPath, '-e', answering] },
      t.signal,
    );
  await using tv = await start('tv-1');
  await using media = await start('media');

  for (const family of [4, 6] satisfies Family[]) {
    const address = network.address('tv-1', family);
    const seen = await ask(network, 'tablet-1', address, t.signal);
    assert.equal(seen.replace('::ffff:', ''), network.address('tablet-1', family));
  }
  assert.equal(await ask(network, 'tv-2', network.address('media', 6), t.signal), network.address('tv-2', 6));
  assert.equal(await ask(network, 'tv-2', network.address('tv-1', 6), t.signal), network.address('tv-2', 6));
  // The other home's 192.168.1.2 is not this home's.
  await assert.rejects(ask(network, 'tablet-2', network.address('tv-2', 4), t.signal), /ECONNREFUSED/);

  tv.kill('SIGKILL');
  assert.deepEqual(await tv.ended, { code: null, signal: 'SIGKILL' });
  await media.stop();
  await media.stop();
});

test('what was laid out is gone after disposal, and a process that never gets ready tells why', async (t) => {
  const network = await buildNetwork(homes(), 'gone', t.signal);
  const namespace = network.namespace('tv-1');
  assert.ok(existsSync(namespace));
  await assert.rejects(
    startOnHost({ name: 'broken', namespace, command: ['sh', '-c', 'echo no such key >&2; exit 3'] }, t.signal),
    /broken ended with status 3 before it was ready:\nno such key/,
  );
  await network[Symbol.asyncDispose]();
  assert.ok(!existsSync(namespace));
});
