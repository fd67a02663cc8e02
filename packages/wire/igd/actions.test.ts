import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as igd from './index.ts';
import { answers } from './test/miniupnpd.ts';

const service = 'urn:schemas-upnp-org:service:WANIPConnection:2';
const mapping: igd.PortMapping = {
  remoteHost: '203.0.114.10',
  externalPort: 5000,
  protocol: 'udp',
  internalPort: 5001,
  internalClient: '192.168.1.2',
  enabled: true,
  description: 'sluice s0f3a-0',
  leaseSeconds: 60,
};

const valuesOf = (action: string, body: string): igd.Values => {
  const answer = igd.parseAnswer({ service, action, args: [] }, body);
  assert.ok(answer.kind === 'values');
  return answer.values;
};

describe('port mappings', () => {
  test('arguments stand in the order of the standard', () => {
    const { action, args } = igd.addPortMapping(service, mapping);
    assert.equal(action, 'AddPortMapping');
    assert.deepEqual(args, [
      ['NewRemoteHost', '203.0.114.10'],
      ['NewExternalPort', '5000'],
      ['NewProtocol', 'UDP'],
      ['NewInternalPort', '5001'],
      ['NewInternalClient', '192.168.1.2'],
      ['NewEnabled', '1'],
      ['NewPortMappingDescription', 'sluice s0f3a-0'],
      ['NewLeaseDuration', '60'],
    ]);
    assert.deepEqual(igd.addAnyPortMapping(service, mapping).args, args);
    assert.deepEqual(igd.deletePortMapping(service, mapping).args, args.slice(0, 3));
    assert.deepEqual(igd.getSpecificPortMapping(service, mapping).args, args.slice(0, 3));
    const { args: listed } = igd.getListOfPortMappings(service, { from: 1, to: 9, protocol: 'tcp', most: 0 });
    assert.deepEqual(
      listed.flat().join(' '),
      'NewStartPort 1 NewEndPort 9 NewProtocol TCP NewManage 1 NewNumberOfPorts 0',
    );
  });

  test("miniupnpd's answers", () => {
    assert.deepEqual(igd.specificMappingIn(valuesOf('GetSpecificPortMappingEntry', answers.specific), mapping), {
      ...mapping,
      internalPort: 5000,
    });
    const held = {
      remoteHost: '',
      externalPort: 7000,
      protocol: 'udp',
      internalPort: 5000,
      internalClient: '192.168.1.2',
      enabled: true,
      description: 'a:b <x>&y',
      leaseSeconds: 604_800,
    };
    assert.deepEqual(igd.mappingIn(valuesOf('GetGenericPortMappingEntry', answers.generic)), held);
    const [first, second, ...others] = igd.listedMappingsIn(valuesOf('GetListOfPortMappings', answers.list));
    assert.deepEqual([first, others], [held, []]);
    assert.deepEqual([second?.externalPort, second?.description], [5001, 'sluice s0f3a-0']);
    assert.equal(igd.reservedPortIn(valuesOf('AddAnyPortMapping', answers.addedAny)), 5001);
    assert.equal(igd.externalAddressIn(valuesOf('GetExternalIPAddress', answers.externalAddress)), '203.0.114.1');
    assert.deepEqual(igd.statusIn(valuesOf('GetStatusInfo', answers.status)), {
      status: 'Connected',
      uptimeSeconds: 5,
    });
    assert.deepEqual(igd.defaultConnectionIn(valuesOf('GetDefaultConnectionService', answers.defaultConnection)), {
      device: 'uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c13:WANConnectionDevice:2',
      serviceId: 'urn:upnp-org:serviceId:WANIPConn1',
    });
  });

  test('values that devices write otherwise, and values that are none', () => {
    const good = new Map(igd.mappingValues(mapping));
    assert.deepEqual(igd.mappingIn(good), mapping);
    assert.equal(igd.mappingIn(new Map(good).set('NewEnabled', 'True')).enabled, true);
    assert.equal(igd.mappingIn(new Map(good).set('NewEnabled', 'no')).enabled, false);
    assert.equal(igd.mappingIn(new Map(good).set('NewProtocol', 'tcp')).protocol, 'tcp');
    assert.equal(igd.mappingIn(new Map(good).set('NewLeaseDuration', '')).leaseSeconds, 0);
    for (const [name, value] of [
      ['NewEnabled', '2'],
      ['NewProtocol', 'SCTP'],
      ['NewExternalPort', '65536'],
      ['NewInternalPort', '-1'],
      ['NewInternalPort', '5000;'],
      ['NewLeaseDuration', '4294967296'],
      ['NewLeaseDuration', '1e3'],
    ] as const)
      assert.throws(() => igd.mappingIn(new Map(good).set(name, value)), igd.IgdMalformed, `${name} ${value}`);
    for (const name of ['NewExternalPort', 'NewProtocol', 'NewInternalPort', 'NewInternalClient', 'NewEnabled']) {
      const lacking = new Map(good);
      lacking.delete(name);
      assert.throws(() => igd.mappingIn(lacking), igd.IgdMalformed, name);
    }
  });

  test('an entry of a list that cannot be read does not hide the others; what is no list is refused', () => {
    const list = igd.buildMappingList([mapping, mapping]).replace('<p:NewExternalPort>5000', '<p:NewExternalPort>x');
    assert.deepEqual(igd.listedMappingsIn(new Map([['NewPortListing', list]])), [mapping]);
    for (const text of ['', '<a/>', 'x', '<!DOCTYPE p [<!ENTITY a "b">]><p:PortMappingList xmlns:p="p"/>'])
      assert.throws(() => igd.listedMappingsIn(new Map([['NewPortListing', text]])), igd.IgdMalformed, text);
  });
});

describe('pinholes', () => {
  const firewall = 'urn:schemas-upnp-org:service:WANIPv6FirewallControl:1';

  test('arguments have no "New", but for the one', () => {
    const pinhole: igd.Pinhole = {
      remoteHost: '2001:db8:1::10',
      remotePort: 7000,
      internalClient: '2001:db8:100::2',
      internalPort: 5000,
      protocol: 'udp',
    };
    assert.deepEqual(igd.addPinhole(firewall, pinhole, 60).args, [
      ['RemoteHost', '2001:db8:1::10'],
      ['RemotePort', '7000'],
      ['InternalClient', '2001:db8:100::2'],
      ['InternalPort', '5000'],
      ['Protocol', '17'],
      ['LeaseTime', '60'],
    ]);
    assert.deepEqual(igd.updatePinhole(firewall, 7, 90).args, [
      ['UniqueID', '7'],
      ['NewLeaseTime', '90'],
    ]);
    for (const make of [igd.deletePinhole, igd.getPinholePackets, igd.checkPinholeWorking])
      assert.deepEqual(make(firewall, 7).args, [['UniqueID', '7']]);
  });

  test('answers', () => {
    assert.equal(igd.uniqueIdIn(valuesOf('AddPinhole', answers.pinhole)), 1);
    assert.equal(igd.pinholePacketsIn(new Map([['PinholePackets', '4294967295']])), 4_294_967_295);
    assert.equal(igd.isWorkingIn(new Map([['IsWorking', '1']])), true);
    const status = new Map([
      ['FirewallEnabled', '1'],
      ['InboundPinholeAllowed', '0'],
    ]);
    assert.deepEqual(igd.firewallStatusIn(status), { enabled: true, takesPinholes: false });
    assert.throws(() => igd.uniqueIdIn(new Map([['UniqueID', '65536']])), igd.IgdMalformed);
    assert.throws(() => igd.uniqueIdIn(new Map()), igd.IgdMalformed);
  });
});

test('every mapping is read as it was written', () => {
  const port = fc.nat(65_535);
  const word = fc.stringMatching(/^[ -~]{0,30}$/).map((text) => text.trim());
  const mappings = fc.array(
    fc.record({
      remoteHost: word,
      externalPort: port,
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      internalPort: port,
      internalClient: word,
      enabled: fc.boolean(),
      description: word,
      leaseSeconds: fc.nat(0xffff_ffff),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(mappings, (given) => {
      const request = igd.getListOfPortMappings(service, { from: 0, to: 65_535, protocol: 'udp', most: 0 });
      const body = igd.buildAnswer(request, [['NewPortListing', igd.buildMappingList(given)]]);
      assert.deepEqual(plain(igd.listedMappingsIn(valuesOf(request.action, body))), plain(given));
      for (const mapping of given)
        assert.deepEqual(plain(igd.mappingIn(new Map(igd.mappingValues(mapping)))), plain(mapping));
    }),
  );
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
