import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { Sniffer } from '../packets/index.ts';
import { deploy } from '../parts.ts';
import { startPhone } from '../phones/baresip.ts';
import { secondsOfTone } from '../phones/tone.ts';
import { homes } from '../topologies/home.ts';

const domain = 'sluice.example';
const password = 'secret';
const tones = { alice: 440, bob: 1_000 } as const;

test('two phones in two homes talk for half a minute, directly', { timeout: 120_000 }, async ({ signal }) => {
  await using network = await buildNetwork(homes(2), 'long-call', signal);
  const users = Object.keys(tones).map((name) => ({ name, password }));
  const overrides = {
    portal: { sip: { port: 5060, domain, users } },
    gateway: { policy: { consent: 'preferred' } },
    'configuration-server': { registration: 'every-contact' },
  };
  await using _town = await deploy(network, { overrides }, signal);
  const phone = async (name: keyof typeof tones, host: string) => {
    const registrar = `${network.address('portal', 4)}:5060`;
    const place = { namespace: network.namespace(host), address: network.address(host, 4) };
    const started = await startPhone(
      { ...place, ...{ name, password, domain, registrar, toneHz: tones[name] } },
      signal,
    );
    await started.said(/200 OK|registered successfully/i, signal);
    return started;
  };
  await using alice = await phone('alice', 'tv-1');
  await using bob = await phone('bob', 'tv-2');
  using atPortal = new Sniffer(network.namespace('portal'), 'eth0');
  await alice.command('dial', `sip:bob@${domain}`);
  await Promise.all([alice, bob].map((each) => each.said(/Call established/, signal)));
  await setTimeout(30_000, undefined, { signal });
  // The portal asked both several times by now whether they are still there.
  await alice.command('hangup');
  await bob.said(/session closed/, signal);
  await alice.said(/terminated/, signal);
  for (const gateway of ['gateway-1', 'gateway-2'])
    while ((await openingsInKernel(network, gateway, signal)) > 0) await setTimeout(100, undefined, { signal });
  const heard = [secondsOfTone(alice.heard(), tones.bob), secondsOfTone(bob.heard(), tones.alice)];
  for (const seconds of heard) assert.ok(seconds >= 28, `the other was heard for ${seconds} s`);
  const relayed = atPortal.seen().filter(({ packet }) => packet.transport === 'udp' && packet.payload[0] === 0x80);
  assert.deepEqual(relayed, [], 'no sound at the portal');
});
