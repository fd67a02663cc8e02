import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Docker, dockerCannotRun, startDocker } from '../../../lab/foreign/docker.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import { run } from '../../../lab/run.ts';
import { asTheHouseholdSays, forwards, guestHome, keepsWatch, openingsHold, ordinaryTraffic } from './guest-home.ts';

const limit = { timeout: 120_000 };
const cannot = await dockerCannotRun();

/** What a household with a home behind Docker's machine adds where Docker says: before its own rules, and no other. */
const household = `*filter
${[
  '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-i lan0 -j ACCEPT',
  ...forwards.map(({ transport, to }) => `-i wan0 -p ${transport} -d ${to.address} --dport ${to.port} -j ACCEPT`),
  '-i wan0 -j DROP',
]
  .map((rule, at) => `-I DOCKER-USER ${at + 1} ${rule}`)
  .join('\n')}
COMMIT
*nat
${forwards.map(({ transport, port, to }) => `-A PREROUTING -i wan0 -p ${transport} --dport ${port} -j DNAT --to-destination ${to.address}:${to.port}`).join('\n')}
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
`;

/** IPv6, which Docker leaves alone, by rules of the household's own. */
const six = `table ip6 filter { chain FORWARD { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan0" accept
  }
}`;

test(
  'beside Docker itself: openings hold, and what it inserts above our rule does not stay above it',
  limit,
  async (t) => {
    if (cannot !== undefined) return t.skip(cannot);
    let docker: Docker | undefined;
    await using guest = await guestHome('docker', async (network) => {
      const namespace = network.namespace('gateway-1');
      // It drops what nobody accepts where it finds a machine that passes nothing on yet, and has it do so.
      const still = ['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward'];
      await run(['nsenter', `--net=${namespace}`, '--', ...still], t.signal);
      docker = await startDocker(namespace, t.signal);
      await docker.run(['iptables-restore', '-n'], t.signal, household);
      inNamespace(namespace, () => execFileSync('nft', ['-f', '-'], { input: six }));
      return docker;
    });
    assert.ok(docker);
    const { home } = guest;
    const gateway = home.network.namespace('gateway-1');
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    assert.equal(home.load(), 'loaded');
    const { standing } = inNamespace(gateway, () => home.plane.check());
    assert.deepEqual(standing.mode === 'guest' && standing.beside, ['Docker', 'iptables']);
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    await openingsHold(home);

    // It puts rules of its own first when it starts, and when it is told of another network.
    const acts: Record<string, (by: Docker) => Promise<void>> = {
      'a start anew': (by) => by.restart(t.signal),
      'another network': (by) => by.makeNetwork('second', t.signal),
    };
    for (const [what, act] of Object.entries(acts)) {
      using watch = keepsWatch(home);
      await act(docker);
      while (!watch.looks.some(({ putBack }) => putBack === 'hooks'))
        await setTimeout(5, undefined, { signal: t.signal });
      const shown = await docker.run(['iptables', '-S', 'FORWARD'], t.signal);
      assert.match(shown, /^-P FORWARD DROP\n-A FORWARD -m mark --mark 0x80000000\/0x80000000 .* -j ACCEPT\n/, what);
      assert.match(shown, /-j DOCKER-ISOLATION-STAGE-1\n/);
      await openingsHold(home);
      assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays, what);
    }
  },
);
