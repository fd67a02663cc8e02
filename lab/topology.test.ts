import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homes } from './topologies/home.ts';
import { addressOf, hostOf, hostsRunning } from './topology.ts';

test('a home has the addresses that the documents name', () => {
  const topology = homes();
  assert.equal(addressOf(topology, 'gateway-1', 4, 'internet'), '203.0.113.1');
  assert.equal(addressOf(topology, 'gateway-1', 4, 'home-1'), '192.168.1.1');
  assert.equal(addressOf(topology, 'tv-1', 6), '2001:db8:100::2');
  assert.equal(addressOf(topology, 'media', 4), '203.0.113.10');
  assert.equal(addressOf(topology, 'stranger', 6), '2001:db8:1::66');
  assert.throws(() => addressOf(topology, 'stranger', 4, 'home-1'), RangeError);
  assert.throws(() => hostOf(topology, 'tv-2'), RangeError);
});

test('homes share private addresses and nothing else', () => {
  const topology = homes(3);
  assert.equal(addressOf(topology, 'tv-3', 4), addressOf(topology, 'tv-1', 4));
  const addresses = ['tv-1', 'tv-2', 'tv-3'].map((host) => addressOf(topology, host, 6));
  const globals = ['gateway-1', 'gateway-2', 'gateway-3'].map((host) => addressOf(topology, host, 4, 'internet'));
  assert.equal(new Set([...addresses, ...globals]).size, 6);
  assert.deepEqual(
    hostsRunning(topology, 'appliance').map((host) => host.runs.endpointId),
    ['self::tv-1', 'self::tv-2', 'self::tv-3'],
  );
  assert.throws(() => homes(10), RangeError);
});

test('every attachment names a host of the topology, and interface names fit the kernel', () => {
  const topology = homes(9);
  for (const { members } of topology.networks)
    for (const member of members) {
      assert.ok(hostOf(topology, member.host));
      assert.ok(member.interface.length <= 15);
    }
});
