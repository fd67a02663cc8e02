import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, pinholeTable, portMappingTable, refusalErrors } from '@sluice/wire/usp';
import {
  done,
  gatewayInMemory,
  mapping,
  mine,
  pinhole,
  read,
  refused,
  set,
  theirs,
} from '../test/gateway-in-memory.ts';

const sctp = (parameters: Readonly<Record<string, string | undefined>> = {}) =>
  mapping({ Protocol: 'X_SLUICE_SCTP', X_SLUICE_StreamType: 'sctp', ...parameters });
const esp = (parameters: Readonly<Record<string, string | undefined>> = {}) =>
  mapping({
    Protocol: 'X_SLUICE_ESP',
    X_SLUICE_StreamType: 'esp',
    X_SLUICE_RemotePort: '0',
    InternalPort: '0',
    ...parameters,
  });
const esp6 = (parameters: Readonly<Record<string, string | undefined>> = {}) =>
  pinhole({ Protocol: '50', SourcePort: '-1', DestPort: undefined, ...parameters });

test('SCTP has ports of its own, beside those of TCP and UDP', () => {
  const { model, dataPlane } = gatewayInMemory();
  const rows = [
    sctp({ ExternalPort: '20000' }),
    mapping({ ExternalPort: '20000' }),
    mapping({ ExternalPort: '20000', Protocol: 'TCP' }),
    pinhole({ Protocol: '132' }),
    sctp({ InternalPort: '5002' }),
  ];
  const [object = '', , , six = '', picked = ''] = done(model.apply(rows, mine));
  assert.deepEqual(
    dataPlane.read().map(({ streamType }) => streamType),
    ['sctp', 'udp', 'tcp', 'sctp', 'sctp'],
  );
  const { Protocol, X_SLUICE_StreamType } = read(model, object);
  assert.deepEqual([Protocol, X_SLUICE_StreamType, read(model, six).Protocol], ['X_SLUICE_SCTP', 'sctp', '132']);
  assert.ok(Number(read(model, picked).ExternalPort) >= 16_384);
  const again = refused(model.apply([sctp({ ExternalPort: '20000', InternalPort: '5001' })], mine));
  assert.equal(again.code, errorCode.duplicateUniqueKey);
});

test('ESP is between two addresses: no ports, one for each peer', () => {
  const { model, dataPlane, clock } = gatewayInMemory();
  const objects = done(model.apply([esp({ Alias: 'a' }), esp6({ Alias: 'b' })], mine));
  const [object = '', six = ''] = objects;
  const [held, held6] = dataPlane.read();
  assert.deepEqual(
    [held?.streamType, held?.remote, held?.global, held?.local],
    ['esp', { address: '203.0.113.10' }, { address: '203.0.113.1', port: 0 }, { address: '192.168.1.2', port: 0 }],
  );
  assert.deepEqual([held6?.streamType, held6?.local.port], ['esp', 0]);
  const { Protocol, ExternalPort, InternalPort } = read(model, object);
  assert.deepEqual([Protocol, ExternalPort, InternalPort], ['X_SLUICE_ESP', '0', '0']);
  assert.deepEqual([read(model, six).Protocol, read(model, six).DestPort], ['50', '-1']);
  // Of another controller or to another device: it is this peer's.
  for (const owner of [mine, theirs])
    assert.equal(
      refused(model.apply([esp({ InternalClient: '192.168.1.3' })], owner)).code,
      errorCode.duplicateUniqueKey,
    );
  done(model.apply([esp({ RemoteHost: '203.0.113.11', InternalClient: '192.168.1.3' })], mine));
  // Renewed, known again after a restart, closed, and opened anew.
  done(model.apply([set(object, { LeaseDuration: '90' })], mine));
  const second = gatewayInMemory({ clock, dataPlane });
  assert.deepEqual(second.openings.adopt(), { adopted: 3, closed: 0, unknown: 0 });
  assert.deepEqual(second.model.instances(portMappingTable, mine).length, 2);
  assert.deepEqual(second.model.instances(pinholeTable, mine), [1]);
  const key = new Map([
    ['RemoteHost', '203.0.113.10'],
    ['ExternalPort', '0'],
    ['Protocol', 'X_SLUICE_ESP'],
  ]);
  assert.equal(`${portMappingTable}${second.model.find?.(portMappingTable, key, mine)}.`, object);
  done(second.model.apply([{ kind: 'delete', object }], mine));
  done(second.model.apply([esp()], mine));
});

test('what is wider than a peer, or has ports that it cannot have, is refused', () => {
  for (const [code, change] of [
    ['remote-denied', esp({ RemoteHost: undefined })],
    ['port-invalid', esp({ InternalPort: '500' })],
    ['port-invalid', esp({ ExternalPort: '20000' })],
    ['port-invalid', esp({ X_SLUICE_RemotePort: '4500' })],
    ['port-invalid', esp6({ DestPort: '4500' })],
    ['target-is-gateway', esp({ InternalClient: '192.168.1.1' })],
    ['port-invalid', sctp({ InternalPort: '0' })],
    ['port-denied', sctp({ InternalPort: '22' })],
  ] as const) {
    const { model, dataPlane } = gatewayInMemory({ policy: { anyRemote: true } });
    const failure = refused(model.apply([change], mine));
    assert.equal(refusalErrors.find(([number]) => number === failure.code)?.[1], code, failure.message);
    assert.deepEqual(dataPlane.read(), []);
  }
  const { model } = gatewayInMemory();
  for (const change of [sctp({ Protocol: 'UDP' }), esp({ Protocol: 'TCP' }), esp({ X_SLUICE_StreamType: 'rtp' })])
    assert.equal(refused(model.apply([change], mine)).code, errorCode.valueConflict);
  for (const Protocol of ['47', '51', '1']) {
    const failure = refused(model.apply([pinhole({ Protocol })], mine));
    assert.equal(failure.code, errorCode.invalidValue);
  }
});
