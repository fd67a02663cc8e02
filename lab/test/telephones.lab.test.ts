import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { type Sniffed, Sniffer } from '../packets/index.ts';
import { type Deployment, deploy } from '../parts.ts';
import { type Phone, startPhone } from '../phones/baresip.ts';
import { secondsOfTone } from '../phones/tone.ts';
import { homes } from '../topologies/home.ts';

const limit = { timeout: 120_000 };
const domain = 'sluice.example';
const passwords = { alice: 'one', bob: 'two', carol: 'three' } as const;
const tones = { alice: 440, bob: 1_000, carol: 1_600 } as const;
type Name = keyof typeof passwords;

let town: Deployment;
let taken: AsyncDisposableStack;
before(async () => {
  taken = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(limit.timeout);
  const network = taken.use(await buildNetwork(homes(2), 'telephones', signal));
  const users = Object.entries(passwords).map(([name, password]) => ({ name, password }));
  const overrides = {
    portal: { sip: { port: 5060, domain, users } },
    // Telephones sign nothing, and nobody registered them: where they call from is what there is.
    gateway: { policy: { consent: 'preferred' } },
    'configuration-server': { registration: 'every-contact' },
  };
  town = taken.use(await deploy(network, { overrides }, signal));
}, limit);
after(() => taken.disposeAsync());

/** A telephone on a host, registered at the portal. */
async function phone(name: Name, host: string, signal: AbortSignal, transport: 'udp' | 'tcp' = 'udp'): Promise<Phone> {
  const { network } = town;
  const started = await startPhone(
    {
      ...{ namespace: network.namespace(host), address: network.address(host, 4), name, password: passwords[name] },
      ...{ domain, registrar: `${network.address('portal', 4)}:5060`, transport, toneHz: tones[name] },
    },
    signal,
  );
  await started.said(/200 OK|registered successfully/i, signal);
  return started;
}

const openings = (signal: AbortSignal) =>
  Promise.all(['gateway-1', 'gateway-2'].map((gateway) => openingsInKernel(town.network, gateway, signal)));

async function untilOpenings(wanted: readonly number[], signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  for (let held = await openings(deadline); held.join() !== wanted.join(); held = await openings(deadline))
    await setTimeout(100, undefined, { signal: deadline });
}

/** RTP of telephones: version 2, no extras. */
const media = (seen: readonly Sniffed[]) =>
  seen.filter(({ packet }) => packet.transport === 'udp' && packet.payload[0] === 0x80);

const heardBy = (who: Phone, name: Name) => secondsOfTone(who.heard(), tones[name]);

for (const transport of ['udp', 'tcp'] as const)
  test(
    `two phones in two homes talk, registered over ${transport}: directly, and to each other alone`,
    limit,
    async ({ signal }) => {
      const { network } = town;
      await using alice = await phone('alice', 'tv-1', signal, transport);
      await using bob = await phone('bob', 'tv-2', signal, transport);
      using atPortal = new Sniffer(network.namespace('portal'), 'eth0');
      using atGateway = new Sniffer(network.namespace('gateway-1'), 'wan0');
      await alice.command('dial', `sip:bob@${domain}`);
      await Promise.all([alice, bob].map((each) => each.said(/Call established/, signal)));
      // RTP and RTCP in each home.
      assert.deepEqual(await openings(signal), [2, 2]);
      await setTimeout(5_000, undefined, { signal });
      await alice.command('hangup');
      await bob.said(/session closed/, signal);
      await untilOpenings([0, 0], signal);
      await alice.said(/terminated/, signal);
      assert.ok(heardBy(alice, 'bob') > 3.5, `alice heard bob for ${heardBy(alice, 'bob')} s`);
      assert.ok(heardBy(bob, 'alice') > 3.5, `bob heard alice for ${heardBy(bob, 'alice')} s`);
      assert.deepEqual(media(atPortal.seen()), [], 'no sound at the portal');
      const between = new Set(
        media(atGateway.seen()).map(({ packet }) => [packet.from.address, packet.to.address].sort().join()),
      );
      const ends = ['gateway-1', 'gateway-2'].map((gateway) => network.address(gateway, 4, 'internet'));
      assert.deepEqual([...between], [ends.sort().join()], 'sound between the two homes alone');
    },
  );

test('a call is held and taken up again; the one who was called hangs up', limit, async ({ signal }) => {
  await using alice = await phone('alice', 'tv-1', signal);
  await using bob = await phone('bob', 'tv-2', signal);
  await bob.command('dial', `sip:alice@${domain}`);
  await Promise.all([alice, bob].map((each) => each.said(/Call established/, signal)));
  await bob.command('hold');
  await alice.said(/got re-INVITE/, signal);
  await setTimeout(1_000, undefined, { signal });
  assert.deepEqual(await openings(signal), [2, 2], 'a call that is held keeps its way');
  await bob.command('resume');
  await alice.said(/got re-INVITE/, signal);
  using sniffer = new Sniffer(town.network.namespace('gateway-1'), 'wan0');
  await setTimeout(2_000, undefined, { signal });
  const sound = media(sniffer.seen()).map(({ direction }) => direction);
  await alice.command('hangup');
  await bob.said(/session closed/, signal);
  await untilOpenings([0, 0], signal);
  for (const way of ['in', 'out'])
    assert.ok(sound.filter((direction) => direction === way).length > 60, `${way} of ${sound.length}`);
});

test(
  'a phone that is killed in the midst of a call: the other one is told, and both homes are closed',
  limit,
  async ({ signal }) => {
    await using alice = await phone('alice', 'tv-1', signal);
    const bob = await phone('bob', 'tv-2', signal);
    try {
      await alice.command('dial', `sip:bob@${domain}`);
      await alice.said(/Call established/, signal);
      await untilOpenings([2, 2], signal);
      bob.process.kill('SIGKILL');
      await alice.said(/session closed|terminated/, signal);
      await untilOpenings([0, 0], signal);
    } finally {
      await bob[Symbol.asyncDispose]();
    }
  },
);

test('two phones of one home speak inside it, and nothing is opened', limit, async ({ signal }) => {
  await using alice = await phone('alice', 'tv-1', signal);
  await using carol = await phone('carol', 'tablet-1', signal);
  await alice.command('dial', `sip:carol@${domain}`);
  await Promise.all([alice, carol].map((each) => each.said(/Call established/, signal)));
  assert.deepEqual(await openings(signal), [0, 0]);
  await setTimeout(2_000, undefined, { signal });
  await alice.command('hangup');
  await carol.said(/session closed/, signal);
  await alice.said(/terminated/, signal);
  assert.ok(heardBy(carol, 'alice') > 1);
  assert.ok(heardBy(alice, 'carol') > 1);
});

// The last one: no telephone registers after it.
test('a portal that is stopped hangs up for both, and closes both homes first', limit, async ({ signal }) => {
  await using alice = await phone('alice', 'tv-1', signal);
  await using bob = await phone('bob', 'tv-2', signal);
  await alice.command('dial', `sip:bob@${domain}`);
  await Promise.all([alice, bob].map((each) => each.said(/Call established/, signal)));
  await untilOpenings([2, 2], signal);
  await town.part('portal').stop();
  assert.deepEqual(await openings(signal), [0, 0]);
  await Promise.all([alice, bob].map((each) => each.said(/session closed|terminated/, signal)));
});
