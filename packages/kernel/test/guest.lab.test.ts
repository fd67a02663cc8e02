import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { firewallFiles, firewallsCannotRun } from '../../../lab/foreign/firewall-files.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import { LoadFailed, openDataPlane } from '../index.ts';
import { householdsOwn } from './beside.ts';
import {
  asTheHouseholdSays,
  forwards,
  guestHome,
  keepsWatch,
  openingsHold,
  ordinaryTraffic,
  passesAgain,
} from './guest-home.ts';
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

test('beside Docker and iptables: what is inserted above our rule does not stay above it', limit, async (t) => {
  const cannot = await firewallsCannotRun();
  if (cannot !== undefined) return t.skip(cannot);
  await using files = firewallFiles();
  const restore = (namespace: string, rules: string) =>
    inNamespace(namespace, () => {
      const [command = '', ...words] = files.over(['sh', '-c', 'tee /dev/null | iptables-restore -n']);
      execFileSync(command, words, { input: rules });
    });
  // The rules of Docker 20.10 with its bridge, and what a household with a home behind it adds where Docker says.
  const docker = `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-USER -i lan0 -j ACCEPT
${forwards.map(({ transport, to }) => `-A DOCKER-USER -i wan0 -p ${transport} -d ${to.address} --dport ${to.port} -j ACCEPT`).join('\n')}
-A DOCKER-USER -i wan0 -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
${forwards.map(({ transport, port, to }) => `-A PREROUTING -i wan0 -p ${transport} --dport ${port} -j DNAT --to-destination ${to.address}:${to.port}`).join('\n')}
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
`;
  // IPv6, which Docker leaves alone, by rules of the household's own.
  const six = `table ip6 filter { chain FORWARD { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan0" accept
  }
}`;
  await using other = await guestHome('docker', async (network) => {
    const namespace = network.namespace('gateway-1');
    restore(namespace, docker);
    inNamespace(namespace, () => execFileSync('nft', ['-f', '-'], { input: six }));
    return nothing;
  });
  const gateway = other.home.network.namespace('gateway-1');
  assert.deepEqual(await ordinaryTraffic(other.home), asTheHouseholdSays);
  assert.equal(other.home.load(), 'loaded');
  const { standing } = inNamespace(gateway, () => other.home.plane.check());
  assert.deepEqual(standing.mode === 'guest' && standing.beside, ['Docker', 'iptables']);
  assert.deepEqual(await ordinaryTraffic(other.home), asTheHouseholdSays);
  await openingsHold(other.home);
  using watch = keepsWatch(other.home);
  // As Docker does when it starts anew.
  restore(
    gateway,
    '*filter\n-D FORWARD -j DOCKER-USER\n-I FORWARD -j DOCKER-ISOLATION-STAGE-1\n-I FORWARD -j DOCKER-USER\nCOMMIT\n',
  );
  while (!watch.looks.some(({ putBack }) => putBack === 'hooks')) await setTimeout(5);
  await openingsHold(other.home);
  assert.deepEqual(await ordinaryTraffic(other.home), asTheHouseholdSays);
});
