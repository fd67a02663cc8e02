import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openAuthority, serverTls } from '@sluice/identity';
import { systemClock, systemUdp } from '@sluice/io';
import type { DhcpHint, WayToLook } from '@sluice/model';
import { loopbackGateways } from '../../../packages/drivers/igd/test/loopback-gateway.ts';
import { SimulatedIgd } from '../../../packages/drivers/igd/test/simulated-igd.ts';
import { SimulatedNatPmpGateway } from '../../../packages/drivers/nat-pmp/test/simulated-gateway.ts';
import { SimulatedPcpGateway } from '../../../packages/drivers/pcp/test/simulated-gateway.ts';
import { serveOnLoopback } from '../../../packages/port-control/test/loopback.ts';
import { type LookPorts, lookAtHome } from '../discovery/look.ts';
import { agentCertificate } from '../io/agent-certificate.ts';

const never = new AbortController().signal;

/** A home whose router answers what the simulators do; `without` those that are named. */
async function simulatedHome(without: readonly WayToLook[] = [], dhcp?: DhcpHint) {
  await using started = new AsyncDisposableStack();
  const igd = new SimulatedIgd(systemClock, without.includes('igd') ? { mute: true } : {});
  const loopback = started.use(await loopbackGateways(systemClock, [igd], { windowMs: 300 }));
  const [pcp, natPmp] = [new SimulatedPcpGateway(systemClock), new SimulatedNatPmpGateway(systemClock)];
  const answer = (bytes: Uint8Array, from: string) =>
    (bytes[0] === 2 ? !without.includes('pcp') : !without.includes('nat-pmp'))
      ? (bytes[0] === 2 ? pcp : natPmp).answer(bytes, from)
      : undefined;
  const server = started.use(await serveOnLoopback(answer, [4]));
  const asked = new Set<string>();
  const ports: LookPorts = {
    ...loopback.ports,
    clock: systemClock,
    udp: {
      open(target, local, listener) {
        asked.add(target.address);
        const isThere = target.address !== '192.168.1.77';
        return systemUdp.open({ address: '127.0.0.1', port: isThere ? server.port : 1 }, local, listener);
      },
    },
    dhcp: async () => dhcp,
    agent: async (address) =>
      without.includes('agent') ? 'nobody is there' : { address, endpointId: 'self::gateway-1', isProven: true },
  };
  const home = started.move();
  return { ports, igd, pcp, natPmp, asked, [Symbol.asyncDispose]: () => home.disposeAsync() };
}

test('a look sees the router in every way that it answers', async () => {
  await using home = await simulatedHome();
  const told: string[] = [];
  const seen = await lookAtHome(home.ports, never, (way, isThere) => void told.push(`${way} ${isThere}`));
  assert.deepEqual(seen.missing, {});
  assert.deepEqual([seen.router4, seen.router6, seen.hasIpv6], ['192.168.1.1', 'fe80::1', true]);
  assert.equal(seen.agent?.endpointId, 'self::gateway-1');
  assert.deepEqual([seen.pcp?.version, seen.pcp?.address], [2, '192.168.1.1']);
  assert.ok(Math.abs((seen.pcp?.epoch ?? 0) - home.pcp.epoch) <= 2);
  assert.deepEqual([seen.natPmp?.version, seen.natPmp?.external], [0, '203.0.113.1']);
  assert.deepEqual(
    [seen.igd?.address, seen.igd?.connected, seen.igd?.external, seen.igd?.isDefaultRouter],
    ['192.168.1.1', true, '203.0.113.1', true],
  );
  assert.deepEqual(told.toSorted(), ['agent true', 'igd true', 'nat-pmp true', 'pcp true']);
  assert.deepEqual([home.pcp.held, home.natPmp.held], [[], []], 'nothing was mapped');
});

const lease: DhcpHint = { interface: 'eth0', keptBy: 'dhclient', routers: ['192.168.1.1'], pcpServers: [] };

test('who serves PCP by the word of DHCP is asked first, and nobody outside the home is', async () => {
  await using home = await simulatedHome([], { ...lease, pcpServers: ['203.0.113.66', '192.168.1.9'] });
  const seen = await lookAtHome(home.ports, never);
  assert.equal(seen.pcp?.address, '192.168.1.9');
  assert.deepEqual(seen.dhcp?.pcpServers, ['203.0.113.66', '192.168.1.9'], 'it is told as it was said');
  assert.deepEqual([...home.asked].toSorted(), ['192.168.1.1', '192.168.1.9']);
});

test('where that one does not answer, the router is found all the same', async () => {
  await using home = await simulatedHome([], { ...lease, pcpServers: ['192.168.1.77'] });
  assert.equal((await lookAtHome(home.ports, never)).pcp?.address, '192.168.1.1');
});

test('what does not answer is missing with its reason, and the look ends in time', async () => {
  await using home = await simulatedHome(['agent', 'pcp', 'igd', 'nat-pmp']);
  const begun = performance.now();
  const seen = await lookAtHome(home.ports, never);
  assert.ok(performance.now() - begun < 10_000, 'bounded');
  assert.deepEqual(Object.keys(seen.missing).toSorted(), ['agent', 'igd', 'nat-pmp', 'pcp']);
  assert.match(seen.missing.pcp ?? '', /does not answer: no answer within 3 s/);
  assert.match(seen.missing.igd ?? '', /nobody answers a search/);
  assert.deepEqual([seen.pcp, seen.igd, seen.natPmp, seen.agent], [undefined, undefined, undefined, undefined]);
});

test('whoever gives up looking is not answered', async () => {
  await using home = await simulatedHome(['pcp']);
  const end = new AbortController();
  const looking = lookAtHome(home.ports, end.signal);
  end.abort(new Error('enough'));
  await assert.rejects(looking, /enough/);
});

test('an agent is known by its certificate: of this deployment, of another, of no gateway, or nobody there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-look-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const [ours, theirs] = [await openAuthority(join(directory, 'a')), await openAuthority(join(directory, 'b'))];
  const tv = await ours.issue({ endpointId: 'self::tv-1', role: 'appliance', names: [] });
  const serve = async (authority: typeof ours, endpointId: string, role: 'gateway' | 'portal') => {
    const server = createServer(serverTls(await authority.issue({ endpointId, role, names: [] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanup.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const address = '127.0.0.1';
  const gateway = await serve(ours, 'self::gateway-1', 'gateway');
  const seen = { address, endpointId: 'self::gateway-1' };
  assert.deepEqual(await agentCertificate(address, tv, never, gateway), { ...seen, isProven: true });
  assert.deepEqual(await agentCertificate(address, undefined, never, gateway), { ...seen, isProven: false });
  const foreign = await serve(theirs, 'self::gateway-1', 'gateway');
  assert.equal(
    typeof (await agentCertificate(address, tv, never, foreign)),
    'string',
    'another deployment proves nothing',
  );
  const portal = await serve(ours, 'self::portal-1', 'portal');
  assert.match(String(await agentCertificate(address, tv, never, portal)), /is no gateway agent's/);
  assert.match(String(await agentCertificate(address, tv, never, 1)), /ECONNREFUSED/);
});
