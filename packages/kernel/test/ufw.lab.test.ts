import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { firewallsCannotRun } from '../../../lab/foreign/firewall-files.ts';
import { startUfw, type Ufw } from '../../../lab/foreign/ufw.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import { run } from '../../../lab/run.ts';
import {
  asTheHouseholdSays,
  forwards,
  guestHome,
  keepsWatch,
  openingsHold,
  ordinaryTraffic,
  passesAgain,
} from './guest-home.ts';

const limit = { timeout: 120_000 };
const cannot = await firewallsCannotRun();
const beforeRules = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
${forwards.map(({ transport, port, to }) => `-A PREROUTING -i wan0 -p ${transport} --dport ${port} -j DNAT --to-destination ${to.address}:${to.port}`).join('\n')}
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
`;
const commands = [
  'route allow in on lan0 out on wan0',
  ...forwards.map(
    ({ transport, to }) => `route allow in on wan0 out on lan0 to ${to.address} port ${to.port} proto ${transport}`,
  ),
];
let ufw: Ufw;
let guest: Awaited<ReturnType<typeof guestHome>>;

before(async () => {
  if (cannot !== undefined) return;
  guest = await guestHome('ufw', async (network) => {
    const namespace = network.namespace('gateway-1');
    ufw = await startUfw({ namespace, beforeRules, commands }, AbortSignal.timeout(60_000));
    return ufw;
  });
}, limit);
after(() => guest?.[Symbol.asyncDispose]());

test('beside ufw the home is as its household says, openings hold, and a reload takes nothing', limit, async (t) => {
  if (cannot !== undefined) return t.skip(cannot);
  const { home } = guest;
  assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
  assert.equal(home.load(), 'loaded');
  const gateway = home.network.namespace('gateway-1');
  const { standing } = inNamespace(gateway, () => home.plane.check());
  assert.deepEqual(standing.mode === 'guest' && standing.beside, ['ufw']);
  assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
  await openingsHold(home);

  // ufw and iptables still know their own rules, and show ours as one of them.
  assert.match(await ufw.ufw(['status'], t.signal), /Status: active[\s\S]*192\.168\.1\.3 80\/tcp on lan0/);
  const shown = await ufw.run(['iptables', '-S', 'FORWARD'], t.signal);
  assert.match(shown, /^-P FORWARD DROP\n-A FORWARD -m mark --mark 0x80000000\/0x80000000 .* -j ACCEPT\n/);

  using watch = keepsWatch(home);
  const paths = ([4, 6] as const).map((family) => home.path(family));
  for (const path of paths) home.open(path.opening('udp'));
  await ufw.ufw(['reload'], t.signal);
  for (const { remote, global } of paths)
    await passesAgain(home, { by: 'media', from: remote, to: global }, AbortSignal.timeout(5_000));
  assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
  await openingsHold(home);
  assert.ok(watch.looks.length > 0, 'the reload was noticed');
});

test('what takes everything out of the chains is put right', limit, async (t) => {
  if (cannot !== undefined) return t.skip(cannot);
  const { home } = guest;
  using watch = keepsWatch(home);
  const path = home.path(4);
  const trial = { by: 'media', from: path.remote, to: path.global } as const;
  home.open(path.opening('udp'));
  // As ufw does where it is set to manage the built-in chains.
  for (const words of ['-F FORWARD', '-I FORWARD -j ufw-before-forward'])
    await ufw.run(['iptables', ...words.split(' ')], t.signal);
  await passesAgain(home, trial, AbortSignal.timeout(5_000));
  assert.ok(watch.looks.some(({ putBack }) => putBack === 'hooks'));
  // And where all of it is flushed, ours too: closed again, and no more.
  await run(['nsenter', `--net=${home.network.namespace('gateway-1')}`, '--', 'nft', 'flush', 'ruleset'], t.signal);
  while (!watch.looks.some(({ putBack }) => putBack === 'table'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(home.plane.read(), []);
  const last = watch.looks.at(-1);
  assert.deepEqual([last?.standing.mode, last?.found.mode], ['guest', 'owner']);
});
