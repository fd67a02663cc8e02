import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Home } from './home.ts';
import { networkOf, readIpAddresses } from './ip-addresses.ts';
import { findInterface, globalAddress } from './networks.ts';

const names = { wan: ['wan0', 'wan1'], lan: ['lan0'] };

/** As iproute2 6.1 writes it. */
const addresses = (wan: string) =>
  JSON.stringify([
    link('lo', ['LOOPBACK', 'UP'], [inet('127.0.0.1', 8, { scope: 'host' }), inet('::1', 128, { scope: 'host' })]),
    link(
      'wan0',
      ['UP'],
      [
        inet(wan, 24, { dynamic: true, valid_life_time: 3600, preferred_life_time: 1800 }),
        inet('2001:db8:1::99', 64, { deprecated: true, preferred_life_time: 0, valid_life_time: 60 }),
        inet('2001:db8:1::1', 64, { nodad: true }),
        inet('2001:db8:1::7', 64, { tentative: true }),
        inet('fe80::1', 64, { scope: 'link' }),
      ],
    ),
    link(
      'lan0',
      ['UP'],
      [inet('192.168.1.1', 24), inet('192.168.1.250', 24, { secondary: true }), inet('2001:db8:100::1', 64)],
    ),
    {},
    link('docker0', [], [inet('172.17.0.1', 16)]),
  ]);

function link(ifname: string, flags: string[], addr_info: object[]) {
  return { ifname, flags, mtu: 1500, addr_info };
}

function inet(local: string, prefixlen: number, more: object = {}) {
  const forever = 4294967295;
  return { local, prefixlen, scope: 'global', valid_life_time: forever, preferred_life_time: forever, ...more };
}

test('interfaces, the prefixes of the home and every own address are read', () => {
  const networks = readIpAddresses(addresses('203.0.113.1'), names);
  assert.deepEqual(
    networks.interfaces.map(({ name, side, up, addresses }) => [
      name,
      side,
      up,
      addresses.map(({ address }) => address),
    ]),
    [
      ['wan0', 'wan', true, ['203.0.113.1', '2001:db8:1::1', '2001:db8:1::99']],
      ['wan1', 'wan', false, []],
      ['lan0', 'lan', true, ['192.168.1.1', '192.168.1.250', '2001:db8:100::1']],
    ],
  );
  assert.deepEqual(networks.interfaces[0]?.addresses[0], {
    address: '203.0.113.1',
    prefixLength: 24,
    dynamic: true,
    validSeconds: 3600,
    preferredSeconds: 1800,
  });
  assert.deepEqual(networks.local, [
    { address: '192.168.1.0', length: 24 },
    { address: '2001:db8:100::', length: 64 },
  ]);
  for (const own of ['127.0.0.1', '::1', 'fe80::1', '203.0.113.1', '2001:db8:1::7', '172.17.0.1', '192.168.1.250'])
    assert.ok(networks.own.has(own), own);
});

test('an interface is found by its path', () => {
  const networks = readIpAddresses(addresses('203.0.113.1'), names);
  const cases: [string, string | undefined][] = [
    ['Device.IP.Interface.1', 'wan0'],
    ['Device.IP.Interface.3', 'lan0'],
    ['Device.IP.Interface.0', undefined],
    ['Device.IP.Interface.4', undefined],
    ['Device.IP.Interface.', undefined],
    ['Device.Ethernet.Interface.1', undefined],
  ];
  for (const [reference, name] of cases) assert.equal(findInterface(networks, reference)?.name, name, reference);
  const wan = networks.interfaces[0];
  assert.ok(wan);
  assert.deepEqual([globalAddress(wan, 4), globalAddress(wan, 6)], ['203.0.113.1', '2001:db8:1::1']);
});

test('what ip did not write is no list of addresses', () => {
  for (const text of ['', 'Object "x" is unknown', '{}', 'null'])
    assert.throws(() => readIpAddresses(text, names), text);
});

test('a network is an address without its host bits', () => {
  assert.deepEqual(networkOf('192.168.1.77', 26), { address: '192.168.1.64', length: 26 });
  assert.deepEqual(networkOf('2001:db8:1:2:3::4', 61), { address: '2001:db8:1::', length: 61 });
  assert.deepEqual(networkOf('10.0.0.1', 32), { address: '10.0.0.1', length: 32 });
});

test('neighbours are known by the lines of the monitor', () => {
  const home = new Home(names);
  let changes = 0;
  home.observe(() => changes++);
  home.loadNeighbours(
    JSON.stringify([
      { dst: '192.168.1.9', dev: 'lan0', state: ['FAILED'] },
      { dst: '192.168.1.3', dev: 'lan0', lladdr: '02:00:00:00:00:03', state: ['STALE'] },
      { dst: '203.0.113.20', dev: 'wan0', lladdr: '02:00:00:00:00:99', state: ['REACHABLE'] },
      { dst: 'fe80::3', dev: 'lan0', lladdr: '02:00:00:00:00:03', state: ['STALE'] },
    ]),
  );
  const lines: [string, 'done' | 'read-addresses'][] = [
    ['192.168.1.2 dev lan0 lladdr 02:00:00:00:00:02 REACHABLE ', 'done'],
    ['2001:db8:100::2 dev lan0 lladdr 02:00:00:00:00:02 STALE ', 'done'],
    ['2001:db8:100::2 dev lan0 lladdr 02:00:00:00:00:02 router REACHABLE ', 'done'],
    ['Deleted ff02::16 dev lan0 lladdr 33:33:00:00:00:16 NOARP ', 'done'],
    [
      '5: lan0    inet 192.168.1.77/24 scope global secondary dynamic lan0\\       valid_lft 100sec preferred_lft 50sec',
      'read-addresses',
    ],
    [
      'Deleted 3: wan0    inet 203.0.113.1/24 scope global wan0\\       valid_lft forever preferred_lft forever',
      'read-addresses',
    ],
    [
      '3: wan0@w1: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default \\    link/ether 22:f9:78:cd:98:7b',
      'read-addresses',
    ],
    ['', 'done'],
  ];
  for (const [line, act] of lines) assert.equal(home.applyMonitorLine(line), act, line);
  assert.deepEqual(home.neighbours.devices(), [
    { mac: '02:00:00:00:00:03', interface: 'lan0', addresses: ['192.168.1.3'], active: true },
    { mac: '02:00:00:00:00:02', interface: 'lan0', addresses: ['192.168.1.2', '2001:db8:100::2'], active: true },
  ]);
  const { neighbours } = home;
  assert.ok(neighbours.deviceOf('192.168.1.2'));
  assert.equal(neighbours.deviceOf('192.168.1.2'), neighbours.deviceOf('2001:db8:100::2'));
  assert.notEqual(neighbours.deviceOf('192.168.1.2'), neighbours.deviceOf('192.168.1.3'));
  assert.equal(neighbours.deviceOf('192.168.1.8'), undefined);
  assert.equal(changes, 5);
  home.applyMonitorLine('192.168.1.2 dev lan0 FAILED ');
  home.applyMonitorLine('Deleted 2001:db8:100::2 dev lan0 lladdr 02:00:00:00:00:02 STALE ');
  assert.equal(home.neighbours.devices().length, 1);
});
