import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, pinholeTable, portMappingTable, refusalErrors } from '@sluice/wire/usp';
import {
  done,
  gatewayInMemory,
  homeNetworks,
  mapping,
  mine,
  pinhole,
  read,
  reader,
  refused,
  set,
  theirs,
} from '../test/gateway-in-memory.ts';

const codeOf = (name: string) => refusalErrors.find(([, refusal]) => refusal === name)?.[0];

test('a port mapping and a pinhole of one message open in one transaction', () => {
  const { model, dataPlane } = gatewayInMemory();
  const objects = done(model.apply([mapping({ Alias: 'a', ExternalPort: '20000' }), pinhole({ Alias: 'b' })], mine));
  assert.deepEqual(objects, [`${portMappingTable}1.`, `${pinholeTable}1.`]);
  const [four, six] = dataPlane.read();
  assert.deepEqual(
    [four, six].map((held) => held && [held.streamType, held.remote, held.global, held.local, held.remainingMs]),
    [
      [
        'udp',
        { address: '203.0.113.10', port: 7000 },
        { address: '203.0.113.1', port: 20000 },
        { address: '192.168.1.2', port: 5000 },
        60_000,
      ],
      [
        'udp',
        { address: '2001:db8:1::10', port: 7000 },
        { address: '2001:db8:100::2', port: 5000 },
        { address: '2001:db8:100::2', port: 5000 },
        60_000,
      ],
    ],
  );
});

test('a row reads back what was granted', async () => {
  const { model, clock, dataPlane } = gatewayInMemory();
  const group = { X_SLUICE_PortGroup: 'video', X_SLUICE_StreamType: 'rtp', X_SLUICE_PayloadType: '96' };
  const [object = ''] = done(model.apply([mapping({ Alias: 'a', ...group, Description: 'film' })], mine));
  const [held] = dataPlane.read();
  assert.ok(held);
  dataPlane.pass(held, 3, 600);
  await clock.pass(10_500);
  const port = Number(read(model, object).ExternalPort);
  assert.ok(port >= 16384 && port <= 32767 && port % 2 === 0, `${port}`);
  assert.deepEqual(read(model, object), {
    Alias: 'a',
    Enable: 'true',
    Status: 'Enabled',
    Origin: 'Controller',
    Description: 'film',
    Interface: 'Device.IP.Interface.1',
    LeaseDuration: '60',
    RemainingLeaseTime: '50',
    X_SLUICE_StreamType: 'rtp',
    X_SLUICE_PayloadType: '96',
    X_SLUICE_RequestFlow: '',
    X_SLUICE_Consent: '',
    X_SLUICE_ConsentedBy: '',
    X_SLUICE_Start: '',
    X_SLUICE_Packets: '3',
    X_SLUICE_Bytes: '600',
    AllInterfaces: 'false',
    RemoteHost: '203.0.113.10',
    ExternalPort: `${port}`,
    ExternalPortEndRange: '0',
    InternalPort: '5000',
    Protocol: 'UDP',
    InternalClient: '192.168.1.2',
    X_SLUICE_RemotePort: '7000',
    X_SLUICE_PortGroup: 'video',
    X_SLUICE_PortOffset: '0',
    X_SLUICE_ExternalAddress: '203.0.113.1',
  });
});

test('bad input is refused with its code, and nothing opens', () => {
  const named: [string, ReturnType<typeof mapping>][] = [
    ['target-is-gateway', mapping({ InternalClient: '192.168.1.1' })],
    ['target-is-gateway', mapping({ InternalClient: '203.0.113.1' })],
    ['target-is-gateway', pinhole({ DestIP: '2001:db8:100::1' })],
    ['address-not-unicast', mapping({ InternalClient: '239.0.0.1' })],
    ['address-not-unicast', mapping({ InternalClient: '192.168.1.255' })],
    ['address-not-unicast', mapping({ RemoteHost: '224.0.0.1' })],
    ['address-not-unicast', pinhole({ DestIP: 'ff02::1' })],
    ['local-address-outside-home', mapping({ InternalClient: '10.0.0.2' })],
    ['local-address-outside-home', pinhole({ DestIP: '2001:db8:1::10' })],
    ['port-denied', mapping({ InternalPort: '22' })],
    ['port-denied', mapping({ InternalPort: '3389' })],
    ['port-denied', mapping({ ExternalPort: '80' })],
    ['port-denied', mapping({ ExternalPort: '40000' })],
    ['port-denied', pinhole({ DestPort: '443' })],
    ['port-invalid', mapping({ InternalPort: '0' })],
    ['port-invalid', mapping({ InternalPort: undefined })],
    ['port-invalid', mapping({ ExternalPort: '0' })],
    ['port-invalid', pinhole({ DestPort: '-1' })],
    ['port-invalid', mapping({ X_SLUICE_PortGroup: 'g', ExternalPort: '20001' })],
    ['remote-denied', mapping({ RemoteHost: '' })],
    ['remote-denied', mapping({ RemoteHost: undefined })],
    ['remote-denied', mapping({ RemoteHost: '192.168.1.3' })],
    ['remote-denied', pinhole({ SourcePrefixes: '' })],
    ['lease-too-long', mapping({ LeaseDuration: '86401' })],
    ['lease-too-long', mapping({ LeaseDuration: '0' })],
    ['lease-too-long', mapping({ LeaseDuration: undefined })],
    ['device-not-found', mapping({ InternalClient: undefined })],
    ['device-not-found', mapping({ InternalClient: '', X_SLUICE_RequestFlow: '203.0.113.20 443 203.0.113.1 40000' })],
  ];
  const standard: [number, ReturnType<typeof mapping>][] = [
    [errorCode.invalidValue, mapping({ InternalClient: 'tv.local' })],
    [errorCode.invalidValue, mapping({ InternalClient: '2001:db8:100::2' })],
    [errorCode.invalidValue, mapping({ RemoteHost: '203.0.113' })],
    [errorCode.invalidValue, mapping({ ExternalPortEndRange: '20010' })],
    [errorCode.invalidValue, mapping({ X_SLUICE_RequestFlow: '203.0.113.20 443 203.0.113.1' })],
    [errorCode.invalidValue, mapping({ X_SLUICE_RequestFlow: '203.0.113.20 443 203.0.113.1 0' })],
    [errorCode.invalidValue, mapping({ X_SLUICE_RequestFlow: '203.0.113.20 443 203.0.113.1 40000 sctp' })],
    [errorCode.invalidValue, mapping({ X_SLUICE_RequestFlow: 'udp' })],
    [errorCode.invalidValue, mapping({ X_SLUICE_PortGroup: 'a b' })],
    [errorCode.invalidValue, mapping({ Interface: 'Device.IP.Interface.7' })],
    [errorCode.invalidValue, mapping({ Alias: 'ü'.repeat(64) })],
    [errorCode.invalidValue, pinhole({ SourcePrefixes: '2001:db8:1::/64' })],
    [errorCode.invalidValue, pinhole({ SourcePrefixes: '2001:db8:1::10/128,2001:db8:1::11/128' })],
    [errorCode.invalidValue, pinhole({ Protocol: '6,17' })],
    [errorCode.invalidValue, pinhole({ SourcePort: '0' })],
    [errorCode.invalidValue, pinhole({ DestPortRangeMax: '6000' })],
    [errorCode.invalidConfiguration, mapping({ Interface: 'Device.IP.Interface.2' })],
    [errorCode.valueConflict, mapping({ Protocol: 'TCP', X_SLUICE_StreamType: 'rtp' })],
    [errorCode.valueConflict, mapping({ X_SLUICE_StreamType: 'udp', X_SLUICE_PayloadType: '96' })],
    [errorCode.parameterReadOnly, mapping({ X_SLUICE_Packets: '0' })],
    [errorCode.unsupportedParameter, mapping({ Colour: 'red' })],
  ];
  const { model, dataPlane } = gatewayInMemory();
  const cases = [...named.map(([name, change]) => [codeOf(name), change] as const), ...standard];
  for (const [code, change] of cases) {
    const failure = refused(model.apply([mapping({ X_SLUICE_RemotePort: '9' }), change], mine));
    assert.deepEqual([failure.code, failure.index], [code, 1], JSON.stringify([failure, change]));
    assert.notEqual(failure.message, '');
  }
  assert.deepEqual(dataPlane.read(), []);
  assert.deepEqual(model.instances(portMappingTable, mine), []);
});

test('a refusal holds no global port', () => {
  const { model } = gatewayInMemory({ policy: { globalPorts: { first: 20000, last: 20001 } } });
  for (let attempt = 0; attempt < 4; attempt++)
    refused(model.apply([mapping(), mapping({ InternalPort: '22' })], mine));
  done(model.apply([mapping(), mapping({ InternalPort: '5001' })], mine));
  assert.equal(refused(model.apply([mapping({ InternalPort: '5002' })], mine)).code, codeOf('ports-exhausted'));
});

test('a controller has a number of its own, which leaves the others theirs', () => {
  const { model } = gatewayInMemory({ policy: { controllers: [{ ...mine, openings: 2 }, theirs] } });
  const row = (port: number) => mapping({ InternalPort: `${port}`, X_SLUICE_RemotePort: `${port}` });
  const [first = ''] = done(model.apply([row(5000), row(5001)], mine));
  assert.equal(refused(model.apply([row(5002)], mine)).code, 7805);
  assert.equal(refused(model.apply([pinhole()], mine)).code, 7805, 'both tables count');
  done(model.apply([row(6000), row(6001), row(6002)], theirs));
  done(model.apply([{ kind: 'delete', object: first }, row(5002)], mine));
  done(model.apply([set(first.replace(/\d+\.$/, '2.'), { LeaseDuration: '30' })], mine));
});

test('limits of number hold for a device and in all', () => {
  const { model } = gatewayInMemory({ policy: { openingsPerDevice: 2, openings: 3 } });
  const to = (client: string, port: string) => mapping({ InternalClient: client, InternalPort: port });
  const three = [to('192.168.1.2', '5000'), to('192.168.1.2', '5001'), to('192.168.1.2', '5002')];
  assert.deepEqual(
    [refused(model.apply(three, mine)).code, refused(model.apply(three, mine)).index],
    [codeOf('quota-exceeded'), 2],
  );
  const [first = ''] = done(model.apply(three.slice(0, 2), mine));
  assert.equal(refused(model.apply(three.slice(2), theirs)).code, codeOf('quota-exceeded'));
  done(model.apply([to('192.168.1.3', '5000')], theirs));
  const disabled = mapping({ InternalPort: '5009', Enable: 'false' });
  assert.equal(refused(model.apply([disabled], mine)).code, codeOf('quota-exceeded'));
  done(model.apply([{ kind: 'delete', object: first }], mine));
  done(model.apply(three.slice(2), mine));
});

test('a row is for its owner alone', () => {
  const { model } = gatewayInMemory();
  const [object = ''] = done(model.apply([mapping({ Alias: 'a' })], mine));
  done(model.apply([mapping({ Alias: 'a', InternalPort: '6000' })], theirs));
  assert.deepEqual(model.instances(portMappingTable, mine), [1]);
  assert.deepEqual(model.instances(portMappingTable, theirs), [2]);
  assert.equal(model.read(object, theirs), undefined);
  assert.equal(model.find?.(portMappingTable, new Map([['Alias', 'a']]), theirs), 2);
  for (const change of [set(object, { Enable: 'false' }), { kind: 'delete', object } as const])
    assert.equal(refused(model.apply([change], theirs)).code, errorCode.objectDoesNotExist);
  for (const caller of [reader, { endpointId: 'self::nobody' }])
    assert.equal(refused(model.apply([mapping()], caller)).code, errorCode.permissionDenied);
  read(model, object);
});

test('keys are unique at the end of a message', () => {
  const { model } = gatewayInMemory();
  const both = [
    mapping({ Alias: 'a', ExternalPort: '20000' }),
    mapping({ Alias: 'b', ExternalPort: '20001', InternalPort: '5001' }),
  ];
  const [a = '', b = ''] = done(model.apply(both, mine));
  const duplicates: [string, Parameters<typeof model.apply>[0]][] = [
    ['Alias', [mapping({ Alias: 'a', InternalPort: '5002' })]],
    ['Alias', [mapping({ Alias: 'c', InternalPort: '5002' }), mapping({ Alias: 'c', InternalPort: '5003' })]],
    ['ExternalPort', [mapping({ ExternalPort: '20000', InternalPort: '5002' })]],
    ['ExternalPort', [mapping({ ExternalPort: '20000', InternalPort: '5002', X_SLUICE_RemotePort: '9' })]],
    ['ExternalPort', [mapping({ ExternalPort: '20000', InternalPort: '5002', Enable: 'false' })]],
    ['ExternalPort', [set(b, { ExternalPort: '20000' })]],
  ];
  for (const [parameter, changes] of duplicates) {
    const failure = refused(model.apply(changes, mine));
    assert.deepEqual([failure.code, failure.parameter], [errorCode.duplicateUniqueKey, parameter]);
  }
  done(model.apply([set(a, { ExternalPort: '20001' }), set(b, { ExternalPort: '20000' })], mine));
  assert.deepEqual([read(model, a).ExternalPort, read(model, b).ExternalPort], ['20001', '20000']);
  const key = new Map([
    ['RemoteHost', '203.0.113.10'],
    ['ExternalPort', '20000'],
    ['Protocol', 'UDP'],
  ]);
  assert.equal(model.find?.(portMappingTable, key, mine), 2);
  assert.equal(model.find?.(portMappingTable, key, theirs), undefined);
});

test('one global port serves several remote hosts where it is asked for', () => {
  const { model, dataPlane } = gatewayInMemory({ policy: { anyRemote: true } });
  done(model.apply([mapping({ ExternalPort: '20000' })], mine));
  done(model.apply([mapping({ ExternalPort: '20000', RemoteHost: '203.0.113.11' })], theirs));
  assert.equal(dataPlane.read().length, 2);
  const any = { RemoteHost: '', X_SLUICE_RemotePort: '0', InternalPort: '5005' };
  assert.equal(refused(model.apply([mapping({ ...any, ExternalPort: '20000' })], mine)).code, codeOf('port-in-use'));
  done(model.apply([mapping({ ...any, ExternalPort: '20001' })], mine));
  const beside = mapping({ ExternalPort: '20001', InternalPort: '5006' });
  assert.equal(refused(model.apply([beside], theirs)).code, codeOf('port-in-use'));
});

test('what a device sends to one remote endpoint leaves from one global port', () => {
  const { model } = gatewayInMemory();
  done(model.apply([mapping(), pinhole()], mine));
  assert.equal(refused(model.apply([mapping()], theirs)).code, errorCode.valueConflict);
  assert.equal(refused(model.apply([pinhole()], theirs)).code, errorCode.valueConflict);
});

test('the device is found from the flow that its request left in, and held against what is said', () => {
  const flows = [
    { device: '192.168.1.2', observed: '203.0.113.1', portal: '203.0.113.20' },
    { device: '2001:db8:100::2', observed: '2001:db8:100::2', portal: '2001:db8:1::20' },
    { device: '10.9.9.9', observed: '203.0.113.1', portal: '203.0.113.21' },
  ];
  const found = { X_SLUICE_RequestFlow: '203.0.113.20 443 203.0.113.1 40000' };
  const foundSix = { X_SLUICE_RequestFlow: '2001:db8:1::20 443 2001:db8:100::2 40000' };
  const outside = { X_SLUICE_RequestFlow: '203.0.113.21 443 203.0.113.1 40000' };
  const unknown = { X_SLUICE_RequestFlow: '203.0.113.20 443 203.0.113.1 40001' };
  const cases: [string | undefined, ReturnType<typeof mapping>][] = [
    [undefined, mapping({ ...found, InternalClient: undefined })],
    [undefined, mapping({ ...found, InternalClient: '' })],
    [undefined, mapping(found)],
    [undefined, mapping(unknown)],
    [undefined, pinhole({ ...foundSix, DestIP: '' })],
    [undefined, pinhole({ ...foundSix, DestIP: '2001:db8:100::abc' })],
    [undefined, pinhole(found)],
    ['path-mismatch', mapping({ ...found, InternalClient: '192.168.1.3' })],
    ['path-mismatch', pinhole({ ...foundSix, DestIP: '2001:db8:100::3' })],
    ['path-mismatch', mapping({ ...outside, InternalClient: undefined })],
    ['device-not-found', mapping({ ...unknown, InternalClient: undefined })],
    ['device-not-found', pinhole({ ...found, DestIP: '' })],
  ];
  for (const [refusal, change] of cases) {
    const { model, dataPlane } = gatewayInMemory({
      policy: { portals: ['203.0.113.20', '2001:db8:1::20'] },
      neighbours: [['192.168.1.2', '2001:db8:100::2', '2001:db8:100::abc']],
    });
    for (const { device, observed, portal } of flows)
      dataPlane.flows.push({
        flow: {
          transport: 'tcp',
          original: { from: { address: device, port: 50000 }, to: { address: portal, port: 443 } },
        },
        observed: { address: observed, port: 40000 },
      });
    const result = model.apply([change], mine);
    if (refusal) assert.equal(refused(result).code, codeOf(refusal), JSON.stringify(change));
    else done(result);
    if (result.ok && result.objects[0]?.startsWith(portMappingTable))
      assert.equal(read(model, result.objects[0]).InternalClient, '192.168.1.2');
  }
  const { model, dataPlane } = gatewayInMemory();
  dataPlane.flows.push({
    flow: {
      transport: 'tcp',
      original: { from: { address: '10.9.9.9', port: 5 }, to: { address: '203.0.113.21', port: 443 } },
    },
    observed: { address: '203.0.113.1', port: 40000 },
  });
  const foreign = refused(model.apply([mapping({ ...outside, InternalClient: undefined })], mine));
  assert.equal(foreign.code, codeOf('local-address-outside-home'));
});

test('a lease ends by itself, and what had passed is told', async () => {
  const { model, clock, dataPlane, events } = gatewayInMemory();
  const [object = ''] = done(model.apply([mapping({ Alias: 'a', LeaseDuration: '5' })], mine));
  const [held] = dataPlane.read();
  assert.ok(held);
  await clock.pass(4_000);
  dataPlane.pass(held, 7, 700);
  await clock.pass(999);
  assert.equal(read(model, object).RemainingLeaseTime, '1');
  events.length = 0;
  await clock.pass(1);
  assert.equal(model.read(object, mine), undefined);
  assert.deepEqual(events, [
    {
      kind: 'event',
      object,
      name: 'X_SLUICE_Ended!',
      args: new Map([
        ['Alias', 'a'],
        ['Reason', 'lease-ended'],
        ['Packets', '7'],
        ['Bytes', '700'],
      ]),
      visibleTo: mine.endpointId,
    },
    { kind: 'deleted', object, visibleTo: mine.endpointId },
  ]);
});

test('a renewal begins the lease anew, of several rows or of none', async () => {
  const { model, clock, dataPlane, events } = gatewayInMemory();
  const leases = { LeaseDuration: '10' };
  const objects = done(model.apply([mapping(leases), mapping({ ...leases, InternalPort: '5001' })], mine));
  const [first = '', second = ''] = objects;
  await clock.pass(6_000);
  const tooLong = refused(
    model.apply([set(first, { LeaseDuration: '20' }), set(second, { LeaseDuration: '99999' })], mine),
  );
  assert.deepEqual([tooLong.code, tooLong.index], [codeOf('lease-too-long'), 1]);
  events.length = 0;
  done(model.apply([set(first, { LeaseDuration: '20' }), set(second, { LeaseDuration: '10' })], mine));
  assert.deepEqual(events, [
    { kind: 'changed', object: first, parameter: 'LeaseDuration', value: '20', visibleTo: mine.endpointId },
  ]);
  await clock.pass(9_999);
  assert.deepEqual(
    dataPlane.read().map(({ remainingMs }) => remainingMs),
    [10_001, 1],
  );
  await clock.pass(1);
  assert.deepEqual(model.instances(portMappingTable, mine), [1]);
  const gone = refused(model.apply([set(first, { LeaseDuration: '5' }), set(second, { LeaseDuration: '5' })], mine));
  assert.deepEqual([gone.code, gone.index], [errorCode.objectDoesNotExist, 1]);
  assert.equal(read(model, first).RemainingLeaseTime, '10');
});

test('a lease without end is given where the policy names it', async () => {
  const { model, clock, dataPlane } = gatewayInMemory({ policy: { staticLeases: true } });
  const [object = ''] = done(model.apply([mapping({ LeaseDuration: '0' })], mine));
  await clock.pass(400 * 86_400_000);
  assert.deepEqual([read(model, object).LeaseDuration, read(model, object).RemainingLeaseTime], ['0', '0']);
  const again = gatewayInMemory({ clock, dataPlane, policy: { staticLeases: true } });
  again.openings.adopt();
  assert.equal(read(again.model, object).LeaseDuration, '0');
});

test('a disabled row keeps its port and its lease, and opens when it is enabled', async () => {
  const { model, clock, dataPlane, events } = gatewayInMemory();
  const draft = mapping({ Alias: 'a', Enable: undefined, InternalClient: undefined, RemoteHost: undefined });
  const [object = ''] = done(model.apply([draft], mine));
  assert.deepEqual(dataPlane.read(), []);
  const { ExternalPort, Status } = read(model, object);
  assert.equal(Status, 'Disabled');
  assert.equal(refused(model.apply([set(object, { Enable: 'true' })], mine)).code, codeOf('remote-denied'));
  await clock.pass(20_000);
  events.length = 0;
  done(model.apply([set(object, { Enable: 'true', RemoteHost: '203.0.113.10', InternalClient: '192.168.1.2' })], mine));
  assert.deepEqual(
    dataPlane.read().map(({ global, remainingMs }) => [`${global.port}`, remainingMs]),
    [[ExternalPort, 40_000]],
  );
  assert.deepEqual(
    events.map((event) => event.kind === 'changed' && [event.parameter, event.value]),
    [
      ['Enable', 'true'],
      ['Status', 'Enabled'],
      ['Interface', 'Device.IP.Interface.1'],
      ['RemoteHost', '203.0.113.10'],
      ['InternalClient', '192.168.1.2'],
    ],
  );
  const [held] = dataPlane.read();
  assert.ok(held);
  dataPlane.pass(held, 2, 20);
  done(model.apply([set(object, { Enable: 'false' })], mine));
  assert.deepEqual(dataPlane.read(), []);
  done(model.apply([set(object, { Enable: 'true' })], mine));
  dataPlane.pass(held, 1, 10);
  assert.deepEqual([read(model, object).X_SLUICE_Packets, read(model, object).X_SLUICE_Bytes], ['3', '30']);
  await clock.pass(40_000);
  assert.equal(model.read(object, mine), undefined);
});

test('a new target replaces the old one in one transaction', () => {
  const { model, dataPlane } = gatewayInMemory();
  const [object = ''] = done(model.apply([mapping({ ExternalPort: '20000' })], mine));
  done(model.apply([set(object, { InternalClient: '192.168.1.3', Description: 'other room' })], mine));
  assert.deepEqual(
    dataPlane.read().map(({ local, global }) => [local.address, global.port]),
    [['192.168.1.3', 20000]],
  );
  assert.equal(
    refused(model.apply([set(object, { InternalClient: '192.168.1.1' })], mine)).code,
    codeOf('target-is-gateway'),
  );
  assert.equal(read(model, object).InternalClient, '192.168.1.3');
  assert.equal(refused(model.apply([set(object, { Alias: 'x' })], mine)).code, errorCode.parameterReadOnly);
});

test('when the kernel refuses, nothing has changed', () => {
  const { model, dataPlane } = gatewayInMemory({ policy: { globalPorts: { first: 20000, last: 20001 } } });
  const [object = ''] = done(model.apply([mapping()], mine));
  const before = dataPlane.read();
  dataPlane.failWith(12);
  const changes = [
    mapping({ InternalPort: '5001' }),
    set(object, { LeaseDuration: '90' }),
    { kind: 'delete', object } as const,
  ];
  for (const change of changes) assert.equal(refused(model.apply([change], mine)).code, errorCode.resourcesExceeded);
  dataPlane.failWith(0);
  assert.deepEqual(dataPlane.read(), before);
  assert.equal(read(model, object).LeaseDuration, '60');
  done(model.apply([mapping({ InternalPort: '5001' })], mine));
});

test('an opening that the kernel lost is lost', () => {
  const { model, dataPlane, events } = gatewayInMemory();
  const [first = '', second = ''] = done(
    model.apply([mapping({ Alias: 'a' }), mapping({ Alias: 'b', InternalPort: '5001' })], mine),
  );
  dataPlane.commit({ add: [], renew: [], remove: dataPlane.read() });
  events.length = 0;
  assert.equal(refused(model.apply([set(first, { LeaseDuration: '90' })], mine)).code, errorCode.objectDoesNotExist);
  assert.equal(model.read(second, mine), undefined);
  assert.deepEqual(
    events.map((event) => (event.kind === 'event' ? event.args.get('Reason') : event.kind)),
    ['lost', 'deleted', 'lost', 'deleted'],
  );
  assert.deepEqual(model.instances(portMappingTable, mine), []);
});

test('while the household pauses, everything is closed and nothing opens', () => {
  const { model, dataPlane, openings, events } = gatewayInMemory();
  const [object = ''] = done(model.apply([mapping({ Alias: 'a' })], mine));
  done(model.apply([pinhole({ Alias: 'b' })], theirs));
  events.length = 0;
  assert.equal(openings.pause(), undefined);
  assert.deepEqual(dataPlane.read(), []);
  assert.deepEqual(
    events.map((event) => (event.kind === 'event' ? event.args.get('Reason') : event.kind)),
    ['household', 'deleted', 'household', 'deleted'],
  );
  assert.equal(model.read(object, mine), undefined);
  assert.equal(refused(model.apply([mapping()], mine)).code, codeOf('paused'));
  openings.resume();
  done(model.apply([mapping()], mine));
});

test('a deleted row is told with what had passed, and its port rests', () => {
  const { model, dataPlane, events } = gatewayInMemory({ policy: { globalPorts: { first: 20000, last: 20003 } } });
  const [object = ''] = done(model.apply([mapping({ Alias: 'a' })], mine));
  const { ExternalPort } = read(model, object);
  const [held] = dataPlane.read();
  assert.ok(held);
  dataPlane.pass(held, 5, 500);
  events.length = 0;
  done(model.apply([{ kind: 'delete', object }], mine));
  const [ended, deleted] = events;
  assert.ok(ended?.kind === 'event');
  assert.deepEqual([...ended.args.values()], ['a', 'closed', '5', '500']);
  assert.equal(deleted?.kind, 'deleted');
  const [next = ''] = done(model.apply([mapping()], mine));
  assert.notEqual(next, object);
  assert.notEqual(read(model, next).ExternalPort, ExternalPort);
});

test('after a change of the global address the old openings say that they lead nowhere', () => {
  const gateway = gatewayInMemory();
  const [object = ''] = done(gateway.model.apply([mapping()], mine));
  gateway.setNetworks({ ...homeNetworks, own: new Set(['192.168.1.1']) });
  assert.equal(read(gateway.model, object).Status, 'Inactive');
});

test('the ports of rows that are gone are given again, however they went', async () => {
  const { model, clock, openings } = gatewayInMemory({ policy: { globalPorts: { first: 20000, last: 20001 } } });
  const open = () => done(model.apply([mapping({ LeaseDuration: '10' }), mapping({ InternalPort: '5001' })], mine));
  const [first = '', second = ''] = open();
  assert.equal(refused(model.apply([mapping({ InternalPort: '5002' })], mine)).code, codeOf('ports-exhausted'));
  await clock.pass(10_000);
  done(model.apply([mapping({ InternalPort: '5002', ExternalPort: '20000', RemoteHost: '203.0.113.11' })], mine));
  done(model.apply([{ kind: 'delete', object: second }], mine));
  assert.equal(model.read(first, mine), undefined);
  openings.end([...openings.rows.all()], 'household');
  open();
});
