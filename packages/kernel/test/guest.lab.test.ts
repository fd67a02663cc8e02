import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { inNamespace } from '../../../lab/packets/index.ts';
import { LoadFailed, openDataPlane } from '../index.ts';
import { householdsOwn } from './beside.ts';
import { forwards, guestHome, keepsWatch, openingsHold, passesAgain } from './guest-home.ts';
import type { Home } from './home.ts';

const limit = { timeout: 120_000 };
/** OpenWrt's table by its name, and with marks of the household's own on every packet. */
const fw4 = `${householdsOwn.replace('table inet household', 'table inet fw4').replace(/}\n$/, '')}
  chain mangle_prerouting {
    type filter hook prerouting priority mangle; policy accept;
    iifname "wan0" meta mark set 0x2a
  }
  counter kept { }
  counter changed { }
  chain mangle_postrouting {
    type filter hook postrouting priority mangle; policy accept;
    oifname "lan0" meta mark 0x2a counter name kept
    oifname "lan0" meta mark != 0x2a counter name changed
  }
}
`;
const nothing = { async [Symbol.asyncDispose]() {} };
let guest: Awaited<ReturnType<typeof guestHome>>;
let home: Home;

const within = <T>(act: () => T): T => inNamespace(home.network.namespace('gateway-1'), act);
const nft = (input: string) => within(() => execFileSync('nft', ['-f', '-'], { input, encoding: 'utf8' }));
const counted = (name: string) => Number(/packets (\d+)/.exec(nft(`list counter inet fw4 ${name}`))?.[1]);

before(async () => {
  guest = await guestHome('guest', async (network) => {
    inNamespace(network.namespace('gateway-1'), () => execFileSync('nft', ['-f', '-'], { input: fw4 }));
    return nothing;
  });
  home = guest.home;
  assert.equal(home.load(), 'loaded');
}, limit);
after(() => guest?.[Symbol.asyncDispose]());

test('their marks stay on the packets of openings, whatever we write beside them', limit, async () => {
  const path = home.path(4);
  home.open(path.opening('udp'));
  const [kept, changed] = [counted('kept'), counted('changed')];
  assert.equal(await home.passed({ by: 'media', from: path.remote, to: path.global }), 3);
  assert.deepEqual([counted('kept') - kept, counted('changed') - changed], [3, 0]);
});

test('nobody says our word for us: a packet that came with our bit is no more for that', limit, async () => {
  const path = home.path(6);
  const trial = { by: 'media', from: path.remote, to: path.local } as const;
  nft('add rule inet fw4 mangle_prerouting meta mark set 0x80000000');
  assert.equal(await home.passed(trial), 0);
  // It would, if it stayed: said after us, it is heeded. Of two chains with one priority the newer comes first.
  nft('add chain inet sluice late { type filter hook forward priority filter; }');
  nft('add rule inet sluice late meta mark set 0x80000000');
  assert.equal(await home.passed(trial), 3);
  nft('delete chain inet sluice late');
  assert.equal(await home.passed(trial), 0);
});

test('a port that the household forwards stays where it leads, whatever is opened on it', limit, async () => {
  const path = home.path(4);
  const [, udp] = forwards;
  const global = { ...path.global, port: udp.port };
  const opening = path.opening('udp', { global });
  home.open(opening);
  const arrived = await home.passing({ by: 'media', from: path.remote, to: global });
  assert.deepEqual(
    arrived.map(({ to }) => to),
    [udp.to, udp.to, udp.to],
  );
  home.close(opening);
});

test('a flow that stood on a port before it was opened is not answered in its place', limit, async () => {
  const path = home.path(4);
  const { remote, local, tablet } = path;
  // Below the ports of our agents, their masquerade keeps it.
  const port = 9_999;
  const global = { ...path.global, port };
  const outward = { by: 'tablet-1', from: { address: tablet, port }, to: remote } as const;
  const inward = { by: 'media', from: remote, to: global } as const;
  home.open(path.opening('udp', { global }));
  const [left] = await home.passing(outward);
  assert.deepEqual(left?.from, global);
  assert.equal(await home.passed(inward), 0);
  // What an opening finds when it is made, it clears away.
  home.close(path.opening('udp', { global }));
  assert.equal(await home.passed(inward), 3);
  home.open(path.opening('udp', { global }));
  assert.deepEqual(
    (await home.passing(inward)).map(({ to }) => to),
    [local, local, local],
  );
});

test('their reload, as OpenWrt does it, takes our rules along and they are put back', limit, async () => {
  using watch = keepsWatch(home);
  const path = home.path(6);
  home.open(path.opening('udp'));
  nft(`table inet fw4\nflush table inet fw4\n${fw4}`);
  await passesAgain(home, { by: 'media', from: path.remote, to: path.local }, AbortSignal.timeout(5_000));
  assert.ok(watch.looks.some(({ putBack }) => putBack === 'hooks'));
  await openingsHold(home);
  // One rule of ours in each of their chains, however often.
  const rules = nft('list chain inet fw4 forward').match(/sluice: /g);
  assert.equal(rules?.length, 1);
});

test('what is in the way is refused with a sentence, and nothing is changed', limit, async () => {
  using plane = within(() => openDataPlane({ mode: 'auto' }));
  const load = () => within(() => plane.load({ wan: ['wan0'], lan: ['lan0'] }));
  const refused = (what: RegExp) =>
    assert.throws(load, (error: Error) => error instanceof LoadFailed && what.test(error.message));
  nft('add table inet early; add chain inet early f { type filter hook forward priority -10; policy drop; }');
  refused(/inet early f filters before/);
  nft('delete table inet early');
  nft('add chain inet fw4 marking { ct mark set 0x1; }');
  refused(/inet fw4 marking sets connection marks/);
  nft('delete chain inet fw4 marking');
  // A table is its maker's alone as long as its maker lives.
  const maker = within(() => spawn('nft', ['-i'], { stdio: ['pipe', 'ignore', 'ignore'] }));
  const chain = 'add chain inet own f { type filter hook forward priority 5; policy drop; }';
  maker.stdin.write(`add table inet own { flags owner; }\n${chain}\n`);
  const listed = () => within(() => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }));
  while (!/policy drop;\n\t}\n}\n$/.test(listed())) await setTimeout(10);
  refused(/inet own lets nobody else change it \(flag owner\)/);
  maker.stdin.end();
  await once(maker, 'close');
  assert.equal(load(), 'adopted');
});
