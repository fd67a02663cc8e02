import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, pinholeTable, portMappingTable } from '@sluice/wire/usp';
import {
  done,
  gatewayInMemory,
  homeNetworks,
  mapping,
  mine,
  pinhole,
  read,
  refused,
  set,
  theirs,
} from '../test/gateway-in-memory.ts';

test('after a restart every row is as it was', async () => {
  const first = gatewayInMemory();
  const pair = { X_SLUICE_StreamType: 'rtp', X_SLUICE_PortGroup: 'video' };
  done(first.model.apply([mapping({ Alias: 'gone' })], mine));
  done(first.model.apply([{ kind: 'delete', object: `${portMappingTable}1.` }], mine));
  const rows = done(
    first.model.apply(
      [
        mapping({ ...pair, Alias: 'a', X_SLUICE_PayloadType: '96', Description: 'film | video' }),
        mapping({ ...pair, Alias: 'b', X_SLUICE_StreamType: 'rtcp', X_SLUICE_PortOffset: '1', InternalPort: '5001' }),
        mapping({ Alias: 'c', Protocol: 'TCP', InternalPort: '5002', AllInterfaces: 'true', X_SLUICE_RemotePort: '0' }),
        pinhole({ Alias: 'd' }),
      ],
      mine,
    ),
  );
  done(first.model.apply([mapping({ Alias: 'a', InternalPort: '6000' })], theirs));
  const [held] = first.dataPlane.read();
  assert.ok(held);
  first.dataPlane.pass(held, 4, 400);
  await first.clock.pass(15_000);

  const { clock, dataPlane } = first;
  const second = gatewayInMemory({ clock, dataPlane });
  assert.deepEqual(second.openings.adopt(), { adopted: 5, closed: 0, unknown: 0 });
  for (const object of rows) {
    const before = read(first.model, object);
    assert.deepEqual(read(second.model, object), { ...before, LeaseDuration: '45' }, object);
  }
  assert.deepEqual(second.model.instances(portMappingTable, mine), [2, 3, 4]);
  assert.deepEqual(second.model.instances(pinholeTable, mine), [1]);
  assert.deepEqual(second.model.instances(portMappingTable, theirs), [5]);

  const taken = read(second.model, rows[0] ?? '').ExternalPort ?? '';
  const again = refused(second.model.apply([mapping({ ExternalPort: taken, InternalPort: '7000' })], mine));
  assert.equal(again.code, errorCode.duplicateUniqueKey);
  const [next] = done(second.model.apply([mapping({ InternalPort: '7000' })], mine));
  assert.equal(next, `${portMappingTable}6.`);
  done(second.model.apply([set(rows[0] ?? '', { LeaseDuration: '100' })], mine));
  await clock.pass(45_000);
  assert.deepEqual(second.model.instances(portMappingTable, mine), [2, 6]);
  assert.deepEqual(second.dataPlane.read().length, 2);
});

test('an owner whose name does not fit is known again', () => {
  const long = { endpointId: `self::${'c'.repeat(50)}` };
  const policy = { controllers: [mine, long] };
  const first = gatewayInMemory({ policy });
  const [object = ''] = done(first.model.apply([mapping({ Alias: 'a'.repeat(63) })], long));
  const second = gatewayInMemory({ policy, clock: first.clock, dataPlane: first.dataPlane });
  second.openings.adopt();
  assert.equal(read(second.model, object, long).Alias, 'a'.repeat(63));
});

test('what the policy does not permit any more is closed', () => {
  const first = gatewayInMemory();
  done(first.model.apply([mapping({ Alias: 'a' }), mapping({ Alias: 'b', InternalPort: '5001' })], mine));
  done(first.model.apply([mapping({ Alias: 'c', InternalPort: '5002' }), pinhole({ Alias: 'd' })], theirs));
  const { clock, dataPlane } = first;
  const policy = { controllers: [mine], localPorts: { deny: [5001] } };
  const second = gatewayInMemory({ clock, dataPlane, policy });
  assert.deepEqual(second.openings.adopt(), { adopted: 1, closed: 3, unknown: 0 });
  assert.deepEqual(
    dataPlane.read().map(({ local }) => local.port),
    [5000],
  );
  assert.equal(refused(second.model.apply([mapping()], theirs)).code, errorCode.permissionDenied);
});

test('openings that no row has made are left alone', async () => {
  const { openings, dataPlane, clock, model } = gatewayInMemory();
  const opening = {
    streamType: 'udp',
    remote: { address: '203.0.113.10' },
    global: { address: '203.0.113.1', port: 20000 },
    local: { address: '192.168.1.2', port: 5000 },
  } as const;
  const leaseMs = 1000;
  const six = { global: { address: '2001:db8:100::2', port: 5 }, local: { address: '2001:db8:100::2', port: 5 } };
  const add = [
    { opening: { ...opening, tag: 'household' }, leaseMs },
    { opening: { ...opening, ...six, remote: {}, tag: 'a|self::mine|1||' }, leaseMs },
    { opening: { ...opening, ...six, remote: { port: 9 }, tag: 'b|self::mine|1||' }, leaseMs },
  ];
  assert.equal(dataPlane.commit({ add, renew: [], remove: [] }), undefined);
  assert.deepEqual(openings.adopt(), { adopted: 0, closed: 1, unknown: 2 });
  assert.equal(dataPlane.read().length, 2);
  assert.deepEqual(model.instances(portMappingTable, mine), []);
  await clock.pass(1000);
});

test('the policy is asked about what is known at start; addresses may come later', () => {
  const first = gatewayInMemory();
  const [object = ''] = done(first.model.apply([mapping()], mine));
  const { clock, dataPlane } = first;
  const networks = { ...homeNetworks, interfaces: [], local: [], own: new Set<string>() };
  const second = gatewayInMemory({ clock, dataPlane, networks });
  assert.deepEqual(second.openings.adopt(), { adopted: 1, closed: 0, unknown: 0 });
  assert.equal(read(second.model, object).Status, 'Inactive');
  second.setNetworks(homeNetworks);
  assert.equal(read(second.model, object).Status, 'Enabled');
});
