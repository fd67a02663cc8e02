import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Untrusted } from '@sluice/driver';
import { connectSsh } from '@sluice/io';
import { type BuiltNetwork, buildNetwork } from '../../../../lab/build.ts';
import { newSshKey, type Sshd, sshdCannotRun, startSshd } from '../../../../lab/foreign/sshd.ts';
import { RawSender, Sniffer, tcpConnection } from '../../../../lab/packets/index.ts';
import { run } from '../../../../lab/run.ts';
import { homes } from '../../../../lab/topologies/home.ts';
import { remoteCommand } from '../index.ts';
import { passed, quiet, sshHome } from './ssh-home.ts';

const limit = { timeout: 60_000 };
const cannot = await sshdCannotRun();
let network: BuiltNetwork;
let sshd: Sshd;

before(async () => {
  if (cannot !== undefined) return;
  network = await buildNetwork(homes(), 'sshnft', AbortSignal.timeout(limit.timeout));
  await run(['nsenter', `--net=${network.namespace('tv-1')}`, '--', 'nft', quiet], AbortSignal.timeout(5_000));
  sshd = await startSshd(
    { namespace: network.namespace('gateway-1'), command: remoteCommand },
    AbortSignal.timeout(20_000),
  );
}, limit);

after(async () => {
  await sshd?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

const { driver, gateway, carryOut, wish } = sshHome(() => ({ network, sshd }));

for (const family of [4, 6] as const)
  test(
    `IPv${family}: by Debian's sshd, five openings in one transaction; packets pass while they hold and not after`,
    limit,
    async (t) => {
      if (cannot !== undefined) return t.skip(cannot);
      await using session = await driver.connect(gateway(), t.signal);
      using sniffer = new Sniffer(network.namespace('tv-1'), 'eth0');
      using sender = new RawSender(network.namespace('media'));
      const granted = await carryOut(session, { open: [1, 2, 3, 4, 5].map((n) => wish(family, n, 60)) }, t.signal);
      assert.equal(granted.length, 5);
      const [first, second] = granted;
      assert.ok(first && second);
      assert.equal(await passed(sender, sniffer, first, 1), 5);
      assert.equal(await passed(sender, sniffer, first, 2, 7_999), 0, 'another port of the server');
      const observed = await session.observe([], t.signal);
      assert.deepEqual(observed.ours.map(({ opening }) => opening.id).sort(), granted.map(({ id }) => id).sort());
      const seen = observed.ours.find(({ opening }) => opening.id === first.id);
      assert.deepEqual(
        [seen?.opening.global, seen?.opening.local, seen?.opening.payloadType],
        [first.global, first.local, 96],
      );
      assert.equal(seen?.counters?.packets, 5);
      // A renewal keeps the count; the next one is short, and ends by itself.
      await carryOut(session, { renew: [{ opening: first, until: Date.now() + 90_000 }] }, t.signal);
      assert.equal(await passed(sender, sniffer, first, 3), 5);
      assert.equal(
        (await session.observe([], t.signal)).ours.find(({ opening }) => opening.id === first.id)?.counters?.packets,
        10,
      );
      await carryOut(session, { renew: [{ opening: second, until: Date.now() + 2_000 }] }, t.signal);
      assert.equal(await passed(sender, sniffer, second, 4), 5);
      await setTimeout(2_100);
      assert.equal(await passed(sender, sniffer, second, 5), 0, 'the lease is over');
      await carryOut(session, { close: granted }, t.signal);
      assert.equal(await passed(sender, sniffer, first, 6), 0, 'closed, of a running flow');
      assert.deepEqual((await session.observe([], t.signal)).ours, []);
    },
  );

test(
  'another connection adopts the table; a port that is taken is told by its opening, and nothing of the change holds',
  limit,
  async (t) => {
    if (cannot !== undefined) return t.skip(cannot);
    await using one = await driver.connect(gateway(), t.signal);
    const [holder] = await carryOut(one, { open: [wish(4, 21, 60)] }, t.signal);
    assert.ok(holder);
    await using other = await driver.connect(gateway(), t.signal);
    assert.deepEqual(
      (await other.observe([], t.signal)).ours.map(({ opening }) => opening.id),
      [holder.id],
    );
    const rival = { ...wish(4, 22, 60), remote: holder.remote, globalPort: holder.globalPort };
    const { steps } = driver.plan(
      { gateway: gateway(), open: [wish(4, 23, 60), rival], renew: [], close: [] },
      undefined,
      Date.now(),
    );
    for (const step of steps) {
      const outcome = await other.apply(step, t.signal);
      assert.deepEqual(outcome.kind === 'refused' && [outcome.refusal.code, outcome.refusal.subject], [
        'port-in-use',
        rival.id,
      ]);
    }
    assert.deepEqual(
      (await other.observe([], t.signal)).ours.map(({ opening }) => opening.id),
      [holder.id],
    );
    await carryOut(other, { close: [holder] }, t.signal);
  },
);

test(
  'another host key, a key that is not taken, a firewall in the way: each is said, and nothing is told or changed',
  limit,
  async (t) => {
    if (cannot !== undefined) return t.skip(cannot);
    await assert.rejects(driver.connect(gateway({ hostKey: 'SHA256:AAAA' }), t.signal), (error: Error) => {
      assert.ok(error instanceof Untrusted);
      return /shows the host key SHA256:/.test(error.message);
    });
    const stranger = newSshKey().privateKey;
    await assert.rejects(driver.connect(gateway({ privateKey: stranger }), t.signal), Untrusted);
    await assert.rejects(driver.connect(gateway({ privateKey: 'no key' }), t.signal), Untrusted);
    const inside = ['nsenter', `--net=${network.namespace('gateway-1')}`, '--', 'nft'];
    await run(
      [
        ...inside,
        'delete table inet sluice; add table inet fw4; add chain inet fw4 forward { type filter hook forward priority raw; policy drop; }',
      ],
      t.signal,
    );
    await assert.rejects(driver.connect(gateway(), t.signal), /own firewall is in the way: the chain inet fw4 forward/);
    assert.doesNotMatch(await run([...inside, 'list tables'], t.signal), /sluice/);
    await run([...inside, 'delete table inet fw4'], t.signal);
    await using _ = await driver.connect(gateway(), t.signal);
  },
);

test('the restricted key runs nothing but the one command', limit, async (t) => {
  if (cannot !== undefined) return t.skip(cannot);
  await using session = await driver.connect(gateway(), t.signal);
  assert.ok(session);
  const { privateKey, hostKey, username, port } = sshd;
  const host = network.address('gateway-1', 4, 'internet');
  const from = { address: network.address('configuration', 4), port: 0 };
  const dial = () => tcpConnection(network.namespace('configuration'), from, { address: host, port });
  await using connection = await connectSsh({ host, port, username, privateKey, hostKey, dial }, t.signal);
  const { status, stdout, stderr } = await connection.run('id; touch /tmp/sluice-never', 'id; whoami\n', t.signal);
  assert.deepEqual([status, stdout, stderr.trim()], [64, '', 'unknown request']);
});

test(
  'as a firewall that is not the router: IPv4 passes unchanged where it was told, and nothing is translated',
  limit,
  async (t) => {
    if (cannot !== undefined) return t.skip(cannot);
    const firewall = gateway({ translates: 'false' });
    await using session = await driver.connect(firewall, t.signal);
    using sniffer = new Sniffer(network.namespace('tv-1'), 'eth0');
    using sender = new RawSender(network.namespace('media'));
    const local = { address: network.address('tv-1', 4), port: 5040 };
    const asked = { ...wish(4, 40, 60), local, globalPort: local.port };
    // The media server knows the way to the television; the firewall is in between.
    const there = { ...asked, local, global: local };
    assert.equal(await passed(sender, sniffer, there, 1), 0);
    const [granted] = await carryOut(session, { open: [asked] }, t.signal);
    assert.deepEqual([granted?.global, granted?.local], [local, local]);
    assert.equal(await passed(sender, sniffer, there, 2), 5);
    assert.equal(await passed(sender, sniffer, there, 3, 7_999), 0);
    assert.deepEqual(
      (await session.observe([], t.signal)).ours.map(({ opening }) => opening.global),
      [local],
    );
    assert.ok(granted);
    await carryOut(session, { close: [granted] }, t.signal);
    assert.equal(await passed(sender, sniffer, there, 4), 0);
  },
);
