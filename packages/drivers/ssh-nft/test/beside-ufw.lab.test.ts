import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type BuiltNetwork, buildNetwork } from '../../../../lab/build.ts';
import { firewallsCannotRun } from '../../../../lab/foreign/firewall-files.ts';
import { type Sshd, sshdCannotRun, startSshd } from '../../../../lab/foreign/sshd.ts';
import { startUfw, type Ufw } from '../../../../lab/foreign/ufw.ts';
import { RawSender, Sniffer } from '../../../../lab/packets/index.ts';
import { run } from '../../../../lab/run.ts';
import { homes } from '../../../../lab/topologies/home.ts';
import { remoteCommand } from '../index.ts';
import { passed, quiet, sshHome } from './ssh-home.ts';

const limit = { timeout: 120_000 };
const cannot = (await sshdCannotRun()) ?? (await firewallsCannotRun());
let network: BuiltNetwork;
let ufw: Ufw;
let sshd: Sshd;
const { driver, gateway, carryOut, wish } = sshHome(() => ({ network, sshd }));

before(async () => {
  if (cannot !== undefined) return;
  network = await buildNetwork(homes(), 'sshufw', AbortSignal.timeout(30_000));
  const namespace = network.namespace('gateway-1');
  await run(['nsenter', `--net=${network.namespace('tv-1')}`, '--', 'nft', quiet], AbortSignal.timeout(5_000));
  const commands = ['allow in on wan0 to any port 22 proto tcp', 'route allow in on lan0 out on wan0'];
  ufw = await startUfw({ namespace, commands }, AbortSignal.timeout(60_000));
  sshd = await startSshd({ namespace, command: remoteCommand }, AbortSignal.timeout(20_000));
}, limit);
after(async () => {
  await sshd?.[Symbol.asyncDispose]();
  await ufw?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

test(
  'beside ufw: a guest, by the one command; what takes its rules along is made good at the next opening',
  limit,
  async (t) => {
    if (cannot !== undefined) return t.skip(cannot);
    await using session = await driver.connect(gateway(), t.signal);
    using sniffer = new Sniffer(network.namespace('tv-1'), 'eth0');
    using sender = new RawSender(network.namespace('media'));
    let n = 0;
    for (const family of [4, 6] as const) {
      const [opening] = await carryOut(session, { open: [wish(family, ++n, 60)] }, t.signal);
      assert.ok(opening);
      assert.equal(await passed(sender, sniffer, opening, n), 5);
      assert.equal(await passed(sender, sniffer, opening, n, 7_999), 0, 'another port of the server');
      const [seen] = (await session.observe([], t.signal)).ours;
      assert.deepEqual([seen?.opening.id, seen?.counters?.packets], [opening.id, 5]);
      await carryOut(session, { renew: [{ opening, until: Date.now() + 90_000 }] }, t.signal);
      assert.equal(await passed(sender, sniffer, opening, n), 5);
      await carryOut(session, { close: [opening] }, t.signal);
      assert.equal(await passed(sender, sniffer, opening, n), 0, 'closed, of a running flow');
    }
    // Another connection finds everything there.
    const inside = ['nsenter', `--net=${network.namespace('gateway-1')}`, '--', 'nft', 'list', 'ruleset'];
    const rules = async () => (await run(inside, t.signal)).match(/sluice: /g)?.length;
    const there = await rules();
    await using other = await driver.connect(gateway(), t.signal);
    assert.equal(await rules(), there);

    await ufw.run(['iptables', '-F', 'FORWARD'], t.signal);
    await ufw.run(['iptables', '-A', 'FORWARD', '-j', 'ufw-before-forward'], t.signal);
    const [again] = await carryOut(other, { open: [wish(4, 9, 60)] }, t.signal);
    assert.ok(again);
    assert.equal(await passed(sender, sniffer, again, 9), 5);
    assert.match(await ufw.ufw(['status'], t.signal), /Status: active/);
  },
);
