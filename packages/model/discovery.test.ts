import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HomeSightings, waysIn } from './discovery.ts';

const nothing: HomeSightings = { hasIpv6: false, missing: {} };
const server = { address: '192.168.1.1', version: 2, epoch: 1 };
const igd = {
  ...{ address: '192.168.1.1', udn: 'uuid:1', manufacturer: 'M', model: 'R 1', server: 'Linux UPnP/1.1 Router/1' },
  ...{ version: 2, connected: true, firewall: true, isDefaultRouter: true },
};

test('of several ways the one that holds most is first', () => {
  assert.deepEqual(waysIn(nothing), []);
  assert.deepEqual(waysIn({ ...nothing, natPmp: { ...server, version: 0 }, igd, pcp: server }), [
    'pcp',
    'igd',
    'nat-pmp',
  ]);
  assert.deepEqual(waysIn({ ...nothing, igd, natPmp: server }), ['igd', 'nat-pmp']);
});

test('a server that does not keep its FILTER is spoken to by UPnP before', () => {
  const mini = { ...igd, server: 'Debian UPnP/1.1 MiniUPnPd/2.3.1' };
  assert.deepEqual(waysIn({ ...nothing, igd: mini, pcp: server, natPmp: server }), ['igd', 'pcp', 'nat-pmp']);
  assert.deepEqual(waysIn({ ...nothing, igd: { ...mini, connected: false }, pcp: server }), ['pcp'], 'its WAN is down');
});
