import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildSsdp, igdType, parseSsdp, ssdpGroups, ssdpPort } from '@sluice/wire/igd';
import { buildNetwork } from '../../../lab/build.ts';
import { startMiniupnpd } from '../../../lab/foreign/miniupnpd.ts';
import { Sniffer, udpSocket } from '../../../lab/packets/index.ts';
import { homes } from '../../../lab/topologies/home.ts';
import { publicLookingInternet } from '../../../lab/topologies/pieces.ts';
import { grants } from '../../port-control/test/openings.ts';
import { byType } from './test/bench.ts';
import { startDriverHost } from './test/host.ts';

/** The home with a second router at 192.168.1.254, which is not on the default route. */
function twoGateways() {
  const home = homes(1, publicLookingInternet);
  const members: Record<string, readonly string[]> = {
    'home-1': ['192.168.1.254/24', '2001:db8:100::254/64'],
    internet: [`${publicLookingInternet}.7/24`, '2001:db8:1::7/64'],
  };
  return {
    hosts: [...home.hosts, { name: 'gateway-b', forwards: true }],
    networks: home.networks.map((network) => {
      const addresses = members[network.name];
      if (!addresses) return network;
      const name = network.name === 'internet' ? 'wan0' : 'lan0';
      return { ...network, members: [...network.members, { host: 'gateway-b', interface: name, addresses }] };
    }),
  };
}

test('two gateways on the link, and one that lies: the default router is taken, then the other, never the lie', async (t) => {
  await using network = await buildNetwork(twoGateways(), 'igd2g', t.signal);
  const options = (host: string) => ({
    namespace: network.namespace(host),
    wan: 'wan0',
    lan: 'lan0',
    home: '192.168.1.0/24',
  });
  await using first = await startMiniupnpd(options('gateway-1'), t.signal);
  const uuid = '00000000-5f0a-4d55-9d5b-0f6f5a1d2c11';
  await using second = await startMiniupnpd({ ...options('gateway-b'), settings: { uuid } }, t.signal);

  // The tablet answers everybody, at once, for a description on a machine outside.
  const liar = udpSocket(network.namespace('tablet-1'), { address: '0.0.0.0', port: ssdpPort });
  t.after(() => liar.close());
  liar.addMembership(ssdpGroups[4], network.address('tablet-1', 4));
  let asked = 0;
  liar.on('message', (bytes, { address, port }) => {
    const message = parseSsdp(bytes);
    if (message?.kind !== 'search') return;
    asked++;
    const location = `http://${network.address('stranger', 4)}:5555/rootDesc.xml`;
    const target = `${igdType.gateway}:1`;
    liar.send(buildSsdp({ kind: 'answer', target, usn: `uuid:liar::${target}`, location }), port, address);
  });

  const tv = () => startDriverHost(network.namespace('tv-1'));
  {
    await using driver = tv();
    assert.deepEqual((await driver.addresses()).global, [network.address('gateway-1', 4, 'internet')]);
  }
  await first.kill(t.signal);
  await using driver = tv();
  assert.deepEqual((await driver.addresses()).global, [network.address('gateway-b', 4, 'internet')]);
  const remote = { address: network.address('media', 4), port: 7000 };
  const local = { address: network.address('tv-1', 4), port: 5000 };
  const until = Date.now() + 120_000;
  const wish = {
    id: 'lab4-two-0',
    streamType: 'udp' as const,
    remote,
    local,
    globalPort: 5000,
    until,
    mayLack: byType,
  };
  const [opening] = grants(await driver.change({ open: [wish] }));
  using inside = new Sniffer(network.namespace('tv-1'), 'eth0');
  const server = udpSocket(network.namespace('media'), remote);
  t.after(() => server.close());
  server.send('by-the-other-way', opening.global.port, opening.global.address);
  await setTimeout(100);
  assert.equal(inside.count('by-the-other-way'), 1);

  await second.kill(t.signal);
  await using last = tv();
  await assert.rejects(last.connect(), /Untrusted: no UPnP gateway: 192\.168\.1\.3 names http:\/\/203\.0\.114\.66/);
  assert.ok(asked > 0, 'the liar was heard');
});
