import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConformanceBench, driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { VirtualClock } from '@sluice/io';
import { sshFirewallTraits, sshNftDriver, sshNftTraits } from './index.ts';
import type { SshNftStep } from './plan.ts';
import { rulesetsOf } from './test/ruleset.ts';
import { SimulatedLinux } from './test/simulated-linux.ts';

const to = (address: string) => (opening: Parameters<RefusedWish['spoil']>[0]) => ({
  ...opening,
  local: { ...opening.local, address },
});

const refusedWishes: readonly RefusedWish[] = [
  { what: 'the gateway itself', family: 4, spoil: to('192.168.1.1'), code: 'target-is-gateway' },
  { what: "the gateway's global address", family: 4, spoil: to('203.0.113.1'), code: 'target-is-gateway' },
  { what: 'a device of another network', family: 4, spoil: to('192.168.2.2'), code: 'local-address-outside-home' },
  { what: 'a multicast address', family: 4, spoil: to('224.0.0.251'), code: 'address-not-unicast' },
  { what: 'the broadcast address', family: 4, spoil: to('192.168.1.255'), code: 'address-not-unicast' },
  {
    what: 'a remote inside the home',
    family: 4,
    spoil: (opening) => ({ ...opening, remote: { ...opening.remote, address: '192.168.1.9' } }),
    code: 'remote-denied',
  },
  { what: 'the gateway itself', family: 6, spoil: to('2001:db8:100::1'), code: 'target-is-gateway' },
  { what: 'a device of another network', family: 6, spoil: to('2001:db8:200::2'), code: 'local-address-outside-home' },
];

const ufw = `table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tcounter packets 0 bytes 0 jump ufw-before-forward\n\t}\n}\n`;

async function bench(
  others: readonly (readonly [string, string])[],
  translates = true,
): Promise<ConformanceBench<SshNftStep>> {
  const clock = new VirtualClock();
  const linux = new SimulatedLinux(clock);
  linux.others = new Map(others);
  const communication = { host: '192.0.2.1', privateKey: 'key', hostKey: 'SHA256:x', wan: 'wan0', lan: 'lan0' };
  const driver = sshNftDriver({ ssh: { connect: async () => linux.link() }, rulesets: rulesetsOf, clock, lost() {} });
  return {
    driver: translates ? driver : { ...driver, traits: sshFirewallTraits },
    gateway: {
      gatewayId: 'linux-1',
      type: 'ssh-nft' as const,
      communication: { ...communication, ...(!translates && { translates: 'false' }) },
    },
    addresses: {
      4: { device: '192.168.1.2', server: '203.0.113.10' },
      6: { device: '2001:db8:100::2', server: '2001:db8:2::10' },
    },
    refusedWishes,
    now: () => clock.now(),
    pass: (ms) => clock.pass(ms),
    loseNextAnswer: () => {
      linux.next = 'lose-answer';
    },
    loseNextRequest: () => {
      linux.next = 'lose-request';
    },
    carry: ({ globalPort }, packets, bytes) => linux.pass(globalPort, packets, bytes),
    async makeForeign() {
      const key = 'udp . 203.0.113.77 . 9000 . 203.0.113.1 . 9000';
      const rest = ' comment "somebody" : 0x00000009';
      const foreign = { key, rest, until: clock.now() + 3_600_000, packets: 0, bytes: 0 };
      linux.sets.set('in4_sap', new Map([[key, foreign]]));
      return async () => linux.sets.get('in4_sap')?.get(key) === foreign;
    },
    async [Symbol.asyncDispose]() {},
  };
}

driverConformance({ type: 'ssh-nft', traits: sshNftTraits }, () => bench([]));
driverConformance({ type: 'ssh-nft', traits: sshNftTraits, kind: 'beside another firewall' }, () =>
  bench([['ip filter FORWARD', ufw]]),
);
driverConformance({ type: 'ssh-nft', traits: sshFirewallTraits, kind: 'a firewall that does not translate' }, () =>
  bench([], false),
);

test('a gateway that is registered as a firewall is spoken to as one', async () => {
  for (const [translates, traits] of [
    [true, sshNftTraits],
    [false, sshFirewallTraits],
  ] as const) {
    await using on = await bench([], translates);
    await using session = await on.driver.connect(on.gateway, AbortSignal.timeout(5_000));
    assert.deepEqual(session.traits, traits);
  }
});
