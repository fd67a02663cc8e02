import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { DataModel, ModelEvent } from '@sluice/usp-agent';
import { errorCode } from '@sluice/wire/usp';
import { Home } from '../home/home.ts';
import { policySchema } from '../policy/policy.ts';
import { GlobalPorts } from '../ports/global-ports.ts';
import { done, gatewayInMemory, mapping, mine, pinhole, theirs } from '../test/gateway-in-memory.ts';
import { deviceInfoModel } from './device-info.ts';
import { homeModels } from './home-models.ts';
import { natModel } from './nat.ts';

const addresses = (wan: readonly string[], lan = ['192.168.1.1/24', '2001:db8:100::1/64']) =>
  JSON.stringify(
    Object.entries({ wan0: wan, lan0: lan }).map(([ifname, list]) => ({
      ifname,
      flags: ['UP'],
      mtu: 1500,
      addr_info: list.map((text) => {
        const [local, prefixlen] = text.split('/');
        return { local, prefixlen: Number(prefixlen), scope: 'global' };
      }),
    })),
  );

function follow(wan: readonly string[], translates = true) {
  const home = new Home({ wan: ['wan0'], lan: ['lan0'] });
  home.loadAddresses(addresses(wan));
  const { models } = homeModels(home, translates);
  const events: ModelEvent[] = [];
  for (const model of models) model.observe((event) => events.push(event));
  const read = (object: string) => {
    const values = models.map((model) => model.read(object, mine)).find((found) => found !== undefined);
    return values && Object.fromEntries(values);
  };
  return { home, models, events, read };
}

test('interfaces and their addresses are objects of TR-181', () => {
  const { read, models } = follow(['203.0.113.1/24', '2001:db8:1::1/64']);
  const [ip] = models;
  assert.deepEqual(ip?.instances('Device.IP.Interface.', mine), [1, 2]);
  assert.deepEqual(read('Device.IP.Interface.1.'), {
    Enable: 'true',
    Status: 'Up',
    Alias: 'wan0',
    Name: 'wan0',
    X_SLUICE_Side: 'wan',
    IPv4Enable: 'true',
    IPv6Enable: 'true',
    MaxMTUSize: '1500',
    Type: 'Normal',
    Loopback: 'false',
    IPv4AddressNumberOfEntries: '1',
    IPv6AddressNumberOfEntries: '1',
    IPv6PrefixNumberOfEntries: '1',
  });
  assert.deepEqual(read('Device.IP.Interface.2.IPv4Address.1.'), {
    Enable: 'true',
    Status: 'Enabled',
    Alias: 'lan0-1',
    IPAddress: '192.168.1.1',
    SubnetMask: '255.255.255.0',
    AddressingType: 'Static',
  });
  assert.equal(read('Device.IP.Interface.1.IPv6Address.1.')?.Prefix, 'Device.IP.Interface.1.IPv6Prefix.1');
  assert.equal(read('Device.IP.Interface.2.IPv6Prefix.1.')?.Prefix, '2001:db8:100::/64');
  assert.deepEqual(read('Device.NAT.InterfaceSetting.1.'), {
    Enable: 'true',
    Status: 'Enabled',
    Alias: 'wan0',
    Interface: 'Device.IP.Interface.1',
  });
  assert.equal(read('Device.IP.Interface.3.'), undefined);
});

test('a firewall that is no router says that it does not translate', () => {
  const { read } = follow(['203.0.113.1/24'], false);
  assert.deepEqual(read('Device.NAT.InterfaceSetting.1.'), {
    Enable: 'false',
    Status: 'Disabled',
    Alias: 'wan0',
    Interface: 'Device.IP.Interface.1',
  });
});

test('a new global address is a changed value, also when the old one went first', () => {
  const { home, events, read } = follow(['203.0.113.1/24']);
  const address = 'Device.IP.Interface.1.IPv4Address.1.';
  home.loadAddresses(addresses([]));
  assert.deepEqual([read(address)?.IPAddress, read(address)?.Status], ['', 'Disabled']);
  events.length = 0;
  home.loadAddresses(addresses(['203.0.113.99/24']));
  assert.deepEqual(events, [
    { kind: 'changed', object: address, parameter: 'Status', value: 'Enabled' },
    { kind: 'changed', object: address, parameter: 'IPAddress', value: '203.0.113.99' },
    { kind: 'changed', object: address, parameter: 'SubnetMask', value: '255.255.255.0' },
  ]);
  events.length = 0;
  home.loadAddresses(addresses(['203.0.113.99/24', '203.0.113.100/24']));
  home.loadAddresses(addresses(['203.0.113.100/24']));
  assert.deepEqual(
    events.map((event) => [event.kind, event.kind === 'changed' ? event.value : event.object]),
    [
      ['changed', '2'],
      ['created', 'Device.IP.Interface.1.IPv4Address.2.'],
      ['deleted', 'Device.IP.Interface.1.IPv4Address.2.'],
      ['changed', '1'],
      ['changed', '203.0.113.100'],
    ],
  );
});

test('devices of the home are hosts, known by their hardware address', () => {
  const { home, events, read, models } = follow(['203.0.113.1/24']);
  home.applyMonitorLine('192.168.1.3 dev lan0 lladdr 02:00:00:00:00:03 STALE');
  home.applyMonitorLine('192.168.1.2 dev lan0 lladdr 02:00:00:00:00:02 REACHABLE');
  home.applyMonitorLine('2001:db8:100::2 dev lan0 lladdr 02:00:00:00:00:02 STALE');
  assert.deepEqual(read('Device.Hosts.Host.2.'), {
    PhysAddress: '02:00:00:00:00:02',
    IPAddress: '192.168.1.2',
    Layer3Interface: 'Device.IP.Interface.2',
    Active: 'true',
    IPv4AddressNumberOfEntries: '1',
    IPv6AddressNumberOfEntries: '1',
  });
  assert.deepEqual(read('Device.Hosts.Host.2.IPv6Address.1.'), { IPAddress: '2001:db8:100::2' });
  events.length = 0;
  home.applyMonitorLine('Deleted 192.168.1.3 dev lan0 lladdr 02:00:00:00:00:03 STALE');
  assert.deepEqual(models[1]?.instances('Device.Hosts.Host.', mine), [2]);
  assert.ok(events.some((event) => event.kind === 'deleted' && event.object === 'Device.Hosts.Host.1.'));
});

test('nobody but the gateway writes here', () => {
  const { models } = follow(['203.0.113.1/24']);
  const change = { kind: 'set', object: 'Device.IP.Interface.1.', parameters: new Map([['Enable', 'false']]) } as const;
  for (const model of models) {
    const result = model.apply([change], mine);
    assert.ok(!result.ok && result.failures[0]?.code === errorCode.permissionDenied);
  }
});

function nat(): { model: DataModel; ports: { tcp: GlobalPorts; udp: GlobalPorts }; openings: DataModel } {
  const clock = new VirtualClock();
  const make = () => new GlobalPorts({ first: 20000, last: 20007 }, clock, () => 0.99999);
  const ports = { tcp: make(), udp: make(), sctp: make() };
  const openings = gatewayInMemory().model;
  const settings = homeModels(new Home({ wan: [], lan: [] }), true).interfaceSettings;
  return { model: natModel(openings, settings, ports, policySchema.parse({ openings: 99 })), ports, openings };
}

test('free ports are listed, single and in pairs', () => {
  const { model, ports } = nat();
  ports.udp.hold(20000);
  const list = (input: Record<string, string>) => {
    const result = model.operate?.('Device.NAT.', 'X_SLUICE_FreePorts()', new Map(Object.entries(input)), mine);
    return result?.ok ? result.output.get('Ports') : result?.code;
  };
  assert.equal(list({ Protocol: 'UDP', Count: '4', Paired: 'true' }), '20002,20003,20004,20005');
  assert.equal(list({ Protocol: 'UDP', Count: '9' }), '20002,20003,20004,20005,20006,20007,20001');
  assert.equal(list({ Protocol: 'TCP', Count: '2' }), '20000,20001');
  assert.equal(list({}), '20002');
  for (const wrong of [{ Protocol: 'ICMP' }, { Count: '0' }, { Count: '1025' }, { Count: 'x' }, { Paired: 'maybe' }])
    assert.equal(list(wrong), errorCode.invalidCommandArguments, JSON.stringify(wrong));
});

test('rows are counted for who asks', () => {
  const { model, openings } = nat();
  done(openings.apply([mapping(), pinhole()], mine));
  const read = (object: string, caller: typeof mine) => Object.fromEntries(model.read(object, caller) ?? []);
  assert.equal(read('Device.NAT.', mine).PortMappingNumberOfEntries, '1');
  assert.equal(read('Device.NAT.', theirs).PortMappingNumberOfEntries, '0');
  assert.equal(read('Device.NAT.', mine).MaxNumberOfPortMappings, '99');
  assert.equal(read('Device.Firewall.', mine).PinholeNumberOfEntries, '1');
});

test('the box says what it is, and since when the agent runs', async () => {
  const clock = new VirtualClock();
  const model = deviceInfoModel(
    {
      manufacturer: 'Sluice',
      manufacturerOui: '000000',
      modelName: 'gateway',
      productClass: 'gateway',
      serialNumber: '1',
      hardwareVersion: '1',
      softwareVersion: '0.1.0',
    },
    clock,
  );
  await clock.pass(61_500);
  const values = model.read('Device.DeviceInfo.', mine);
  assert.equal(values?.get('UpTime'), '61');
  assert.deepEqual(
    [...(values?.keys() ?? [])],
    model.types[0]?.parameters.map(({ name }) => name),
  );
});
