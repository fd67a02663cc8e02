import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '../../../lab/index.ts';
import { householdsOwn } from '../../../packages/kernel/test/beside.ts';
import { filmMapping, type HomeWithAgent, homeWithAgent } from './home-with-agent.ts';

const timeout = 120_000;
const table = 'Device.NAT.PortMapping.';
const nft = (home: HomeWithAgent, text: string, signal: AbortSignal) =>
  run(['nsenter', `--net=${home.network.namespace('gateway-1')}`, '--', 'nft', '-f', '-'], signal, text);

async function arrivesAgain(home: HomeWithAgent, signal: AbortSignal): Promise<void> {
  for (let number = 0; (await home.arrived()) === 0; number++) {
    home.sendRtp(20_000, number);
    await pause(10, undefined, { signal });
  }
}

/** Asks for the status until it says so. */
async function saysSoon(home: HomeWithAgent, what: RegExp): Promise<string> {
  const last = Date.now() + 10_000;
  for (;;) {
    const status = await home.status();
    if (what.test(status)) return status;
    assert.ok(Date.now() < last, status);
  }
}

test('an agent beside another firewall: opens through it, survives its reload, says when all was flushed', {
  timeout,
}, async (t) => {
  await using home = await homeWithAgent('beside', t.signal);
  await nft(home, householdsOwn, t.signal);
  const agent = await home.startAgent();
  assert.match(await home.status(), /^firewall: guest of the table inet household$/m);
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 0);
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /addResp/);
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 1);

  await nft(home, `delete table inet household\n${householdsOwn}`, t.signal);
  await arrivesAgain(home, AbortSignal.timeout(5_000));
  assert.match(await home.status(), /^film +203\.0\.113\.10:7000/m);

  await nft(home, 'flush ruleset', t.signal);
  const status = await saysSoon(home, /^TROUBLE: the other firewall is gone/m);
  assert.match(status, /^nothing is open$/m);
  await nft(home, householdsOwn, t.signal);
  await saysSoon(home, /^firewall: .*\nnothing is open$/m);
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /addResp/);
  await arrivesAgain(home, AbortSignal.timeout(5_000));
  assert.match(await home.order({ kind: 'delete', paths: [`${table}[Alias=="film"].`] }), /deleteResp/);
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 0);
  await agent.stop();
});

test('a firewall that comes after the agent is moved in with, where nothing is open', { timeout }, async (t) => {
  await using home = await homeWithAgent('late', t.signal);
  await home.startAgent();
  assert.match(await home.status(), /^firewall: ours alone$/m);
  await nft(home, householdsOwn, t.signal);
  await saysSoon(home, /^firewall: guest of the table inet household$/m);
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /addResp/);
  await arrivesAgain(home, AbortSignal.timeout(5_000));
});
