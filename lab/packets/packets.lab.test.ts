import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { buildNetwork } from '../build.ts';
import { encodePacket, tcpFlag } from './packet.ts';
import { RawSender } from './raw-sender.ts';
import { Sniffer } from './sniffer.ts';
import { udpSocket } from './udp.ts';
import { wire } from './wire.ts';

test('packets of any source reach a socket of the host they are for, and are seen on its interface', {
  timeout: 20_000,
}, async (t) => {
  await using network = await buildNetwork(wire, 'pkt', t.signal);
  using sender = new RawSender(network.namespace('one'));
  using sniffer = new Sniffer(network.namespace('two'), 'eth0');
  using own = new Sniffer(network.namespace('one'), 'eth0');
  for (const [type, to, source] of [
    ['udp4', '10.0.0.2', '192.0.2.77'],
    ['udp6', '2001:db8::2', '2001:db8:77::77'],
  ] as const) {
    const receiver = udpSocket(network.namespace('two'), { address: to, port: 5000 });
    const arrived = once(receiver, 'message');
    const token = `token-${type}`;
    const packet = {
      transport: 'udp',
      from: { address: source, port: 4321 },
      to: { address: to, port: 5000 },
      payload: Buffer.from(token),
    } as const;
    sender.send(packet);
    // A kernel takes it only if every length and checksum is right.
    const [payload, from] = await arrived;
    assert.equal(String(payload), token);
    assert.equal(from.address, source);
    assert.equal(from.port, 4321);
    await sniffer.waitFor(token, 1, t.signal);
    assert.equal(sniffer.count(token), 1);
    assert.deepEqual(
      sniffer.received(token).map((seen) => encodePacket(seen)),
      [encodePacket(packet)],
    );
    assert.equal(sniffer.sent(token).length, 0);
    assert.equal(own.sent(token).length, 1);
    assert.equal(own.count(token), 0);
    receiver.close();
  }
});

test('a kernel answers a TCP packet of ours, so its checksum is right', { timeout: 20_000 }, async (t) => {
  await using network = await buildNetwork(wire, 'tcp', t.signal);
  using sender = new RawSender(network.namespace('one'));
  using sniffer = new Sniffer(network.namespace('one'), 'eth0');
  for (const [from, to] of [
    ['10.0.0.1', '10.0.0.2'],
    ['2001:db8::1', '2001:db8::2'],
  ] as const) {
    sniffer.clear();
    sender.send({
      transport: 'tcp',
      from: { address: from, port: 999 },
      to: { address: to, port: 1 },
      payload: Buffer.alloc(0),
    });
    const reset = () =>
      sniffer
        .seen()
        .some(
          ({ packet, direction }) =>
            direction === 'in' && packet.transport === 'tcp' && ((packet.tcp?.flags ?? 0) & tcpFlag.rst) !== 0,
        );
    while (!reset()) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
