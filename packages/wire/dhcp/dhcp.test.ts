import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type DhcpOptions,
  dhcpOption,
  readDhclientLeases,
  readDhcpMessage,
  readKeyValueLease,
  toldIn,
} from './index.ts';

// Written by Debian 12's clients with a lease of dnsmasq 2.90.
const sample = (name: string) => readFileSync(join(import.meta.dirname, 'test', name));
const beforeEnd = Date.UTC(2026, 10, 28, 9);
const told = (options: DhcpOptions | undefined) => (options ? toldIn(options) : assert.fail('no lease'));

const router = { server: '192.168.1.1', routers: ['192.168.1.1'] };
const everything = {
  ...router,
  acsUrl: 'http://acs2.example/',
  controllerUrl: 'wss://controller.example:8443/usp',
  controllerId: 'self::controller',
  gateway: { oui: '00D09E', serialNumber: 'S-0001', productClass: 'Router 5' },
};

test('what systemd-networkd keeps', () => {
  assert.deepEqual(told(readKeyValueLease(sample('networkd.lease').toString())), {
    ...router,
    acsUrl: 'http://acs.provider.example:7547/',
    pcpServers: [],
  });
  assert.deepEqual(told(readKeyValueLease('ADDRESS=10.0.0.2\nROUTER=10.0.0.1 10.0.0.9\nOPTION_158=040a000001\n')), {
    routers: ['10.0.0.1', '10.0.0.9'],
    pcpServers: ['10.0.0.1'],
  });
  for (const text of ['', 'NAME=x\n', '\0\0']) assert.equal(readKeyValueLease(text), undefined);
});

test('what dhclient keeps: the last lease of the interface, until it runs out', () => {
  const text = sample('dhclient.leases').toString();
  assert.deepEqual(told(readDhclientLeases(text, 'eth0', beforeEnd)), { ...everything, pcpServers: ['192.168.1.1'] });
  assert.equal(readDhclientLeases(text, 'eth1', beforeEnd), undefined);
  assert.equal(readDhclientLeases(text, 'eth0', Date.UTC(2026, 10, 28, 9, 38, 8)), undefined);
  const first = text.slice(0, text.indexOf('lease {', 10));
  assert.deepEqual(told(readDhclientLeases(first, 'eth0', beforeEnd)), {
    ...everything,
    vendorClass: 'dslforum.org',
    pcpServers: [],
  });
  const lease = (more: string) => `lease {\n  interface "wlan0";\n  fixed-address 10.0.0.2;\n${more}\n}\n`;
  const read = (more: string) => readDhclientLeases(lease(more), 'wlan0', beforeEnd);
  assert.equal(read('  expire epoch 1700000000; # Tue'), undefined);
  assert.ok(read('  expire never;'));
  assert.deepEqual(toldIn(read('  option routers 10.0.0.1, 10.0.0.9;') ?? new Map()).routers, ['10.0.0.1', '10.0.0.9']);
  assert.equal(toldIn(read('  option vendor-class-identifier "a\\"b\\101";') ?? new Map()).vendorClass, 'a"bA');
});

test('what dhcpcd keeps: the message of the server', () => {
  const bytes = sample('dhcpcd.lease');
  const { vendorClass, ...others } = told(readDhcpMessage(bytes));
  assert.deepEqual(others, { ...everything, pcpServers: ['192.168.1.1'] });
  assert.equal(vendorClass, 'dslforum.org');
  for (let end = 0; end < bytes.length; end++) readDhcpMessage(bytes.subarray(0, end));
  assert.equal(readDhcpMessage(bytes.subarray(0, 239)), undefined);
  assert.equal(readDhcpMessage(Buffer.from(bytes).fill(1, 0, 1)), undefined, 'a question of a client');
});

test('options go on in the members for names, and parts of one are joined', () => {
  const message = Buffer.alloc(260);
  message[0] = 2;
  message.writeUInt32BE(0x63825363, 236);
  message.set([52, 1, 3, 3, 2, 10, 0, 3, 2, 0, 1, 255], 240);
  message.set([54, 4, 10, 0, 0, 1, 255], 108);
  message.set([60, 1, 0x78, 255], 44);
  assert.deepEqual(told(readDhcpMessage(message)), {
    ...{ server: '10.0.0.1', routers: ['10.0.0.1'], vendorClass: 'x', pcpServers: [] },
  });
});

test('the gateway names itself with maker and number, and what cannot be so is left out', () => {
  const forum = (...subs: readonly (readonly [number, string])[]) => {
    const body = Buffer.concat(
      subs.map(([code, text]) => Buffer.from([code, text.length, ...Buffer.from(text, 'latin1')])),
    );
    return new Map([[dhcpOption.vendorIdentifying, Buffer.from([0, 0, 0x0d, 0xe9, body.length, ...body])]]);
  };
  assert.deepEqual(toldIn(forum([4, '00d09e'], [5, '0001\0'], [6, 'Router 5'])).gateway, {
    ...{ oui: '00D09E', serialNumber: '0001', productClass: 'Router 5' },
  });
  for (const wrong of [forum([4, '00D09E']), forum([4, 'maker!'], [5, '1']), forum([4, '00D09E'], [5, 'a\x1b[2J'])])
    assert.equal(toldIn(wrong).gateway, undefined);
  for (const wrong of ['javascript:alert(1)', 'http://', 'http://a b', `http://${'a'.repeat(250)}`, 'x\n'])
    assert.equal(toldIn(forum([11, wrong])).acsUrl, undefined, wrong);
  const other = Buffer.from(forum([11, 'http://acs.example/']).get(dhcpOption.vendorIdentifying) ?? []);
  other[3] = 1;
  assert.equal(toldIn(new Map([[dhcpOption.vendorIdentifying, other]])).acsUrl, undefined, "another enterprise's");
});
