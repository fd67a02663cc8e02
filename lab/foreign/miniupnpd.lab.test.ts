import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { Sniffer, udpSocket } from '../packets/index.ts';
import { homes } from '../topologies/home.ts';
import { publicLookingInternet } from '../topologies/pieces.ts';
import { startMiniupnpd } from './miniupnpd.ts';

const mapUdp9000 = Buffer.from('000100002328232800000e10', 'hex');

test('miniupnpd maps ports of the lab, keeps them when it is killed, loses them when wiped', async (t) => {
  await using network = await buildNetwork(homes(1, publicLookingInternet), 'mupnp', t.signal);
  const options = { namespace: network.namespace('gateway-1'), wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' };
  await using gateway = await startMiniupnpd(options, t.signal);
  const tv = network.namespace('tv-1');
  const client = udpSocket(tv, { address: network.address('tv-1', 4), port: 40_000 });
  const server = udpSocket(network.namespace('media'), { address: network.address('media', 4), port: 7000 });
  t.after(() => [client.close(), server.close()]);
  using sniffer = new Sniffer(tv, 'eth0');

  async function map(): Promise<Buffer> {
    const answer = once(client, 'message', { signal: AbortSignal.timeout(5_000) });
    client.send(mapUdp9000, gateway.pcpPort, network.address('gateway-1', 4, 'home-1'));
    return (await answer)[0];
  }
  let sent = 0;
  /** Whether a packet to the mapped port, from a port of its own, gets to the television. */
  async function passes(): Promise<boolean> {
    const token = `token-${++sent}-0123456`;
    const stranger = udpSocket(network.namespace('stranger'), {
      address: network.address('stranger', 4),
      port: 20_000 + sent,
    });
    stranger.send(token, 9000, network.address('gateway-1', 4, 'internet'));
    await setTimeout(50);
    stranger.close();
    return sniffer.count(token) > 0;
  }

  assert.equal(await passes(), false, 'open before anything was asked');
  const answer = await map();
  assert.equal(answer.toString('hex', 0, 4), '00810000');
  assert.equal(answer.readUInt16BE(10), 9000);
  assert.equal(await passes(), true, 'the mapping');
  assert.match((await gateway.rules(t.signal)).join('\n'), /dnat ip to 192\.168\.1\.2:9000/);

  await gateway.kill(t.signal);
  assert.equal(await passes(), true, 'what it set up stays after it was killed');
  await gateway.wipe(t.signal);
  assert.equal(await passes(), false, 'wiped');
  await gateway.start(t.signal);
  assert.deepEqual(await gateway.rules(t.signal), []);
  await map();
  assert.equal(await passes(), true, 'the second life');
});
