import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Opening } from '@sluice/model';
import { planUsp } from '@sluice/usp-gateway';
import { heldOpening } from './held-rows.ts';
import { interfaceFor, pathOf, rowOf } from './rows.ts';

const now = 1_000_000;

const video: Opening = {
  id: 's1-0',
  streamType: 'rtp',
  payloadType: 96,
  remote: { address: '203.0.113.10', port: 7000 },
  portGroup: { name: 'video', offset: 0 },
  local: { port: 5000 },
  flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '203.0.113.1', port: 40_000 } },
  until: now + 10_000,
};

const subtitles6: Opening = {
  id: 's1-4',
  streamType: 'tcp',
  remote: { address: '2001:db8:1::10' },
  globalPort: 5004,
  local: { address: '2001:db8:100::2', port: 5004 },
  until: now + 10_000,
};

test('an IPv4 opening is a port mapping; what is left to the gateway is left out', () => {
  assert.deepEqual(rowOf({ opening: video, seconds: 10 }, 'Device.IP.Interface.1'), {
    table: 'Device.NAT.PortMapping.',
    values: {
      Alias: 's1-0',
      Enable: 'true',
      Interface: 'Device.IP.Interface.1',
      LeaseDuration: '10',
      Protocol: 'UDP',
      RemoteHost: '203.0.113.10',
      X_SLUICE_RemotePort: '7000',
      InternalPort: '5000',
      X_SLUICE_PortGroup: 'video',
      X_SLUICE_PortOffset: '0',
      X_SLUICE_StreamType: 'rtp',
      X_SLUICE_PayloadType: '96',
      X_SLUICE_RequestFlow: '203.0.113.20 8443 203.0.113.1 40000',
    },
  });
  const global = { address: '203.0.113.1', port: 16_384 };
  const granted = { ...video, local: { address: '192.168.1.2', port: 5000 }, global, globalPort: global.port };
  assert.equal(pathOf(granted), 'Device.NAT.PortMapping.[Alias=="s1-0"].');
});

test('at a firewall that does not translate it is a pinhole, and is found as one', () => {
  const local = { address: '203.0.113.1', port: 16_384 };
  const at = { ...video, globalPort: local.port, local };
  const { table, values } = rowOf({ opening: at, seconds: 10 }, 'Device.IP.Interface.1', false);
  assert.equal(table, 'Device.Firewall.Pinhole.');
  const { Protocol, SourcePrefixes, SourcePort, DestIP, DestPort, ...rest } = values;
  assert.deepEqual([SourcePrefixes, SourcePort, DestIP, DestPort], ['203.0.113.10/32', '7000', local.address, '16384']);
  assert.deepEqual([Protocol, rest.X_SLUICE_StreamType, rest.RemoteHost], ['17', 'rtp', undefined]);
  const granted = { ...at, global: local };
  assert.equal(pathOf(granted), 'Device.Firewall.Pinhole.[Alias=="s1-0"].');
  const held = heldOpening({ path: 'Device.Firewall.Pinhole.1.', values: { ...values, RemainingLeaseTime: '9' } }, now);
  assert.deepEqual([held?.opening.global, held?.opening.local, held?.opening.remote], [local, local, video.remote]);
  for (const wrong of [
    { SourcePrefixes: '203.0.113.10/31' },
    { DestIP: '2001:db8::1' },
    { SourcePrefixes: '2001:db8::1/128' },
  ])
    assert.equal(heldOpening({ path: 'Device.Firewall.Pinhole.1.', values: { ...values, ...wrong } }, now), undefined);
});

test('a flow of UDP says so; one of TCP, named or not, is as it was', () => {
  const text = (transport?: 'tcp' | 'udp') => {
    const flow = {
      portal: { address: '203.0.113.20', port: 5060 },
      observed: { address: '203.0.113.1', port: 40_000 },
    };
    const opening = { ...video, flow: { ...flow, ...(transport && { transport }) } };
    return rowOf({ opening, seconds: 10 }, undefined).values.X_SLUICE_RequestFlow;
  };
  assert.equal(text('udp'), '203.0.113.20 5060 203.0.113.1 40000 udp');
  assert.equal(text('tcp'), '203.0.113.20 5060 203.0.113.1 40000');
  assert.equal(text(), text('tcp'));
});

test('an IPv6 opening is a pinhole for one address', () => {
  assert.deepEqual(rowOf({ opening: subtitles6, seconds: 3 }, undefined), {
    table: 'Device.Firewall.Pinhole.',
    values: {
      Alias: 's1-4',
      Enable: 'true',
      LeaseDuration: '3',
      Protocol: '6',
      SourcePrefixes: '2001:db8:1::10/128',
      SourcePort: '-1',
      DestIP: '2001:db8:100::2',
      DestPort: '5004',
      X_SLUICE_StreamType: 'tcp',
    },
  });
  const local = { address: '2001:db8:100::2', port: 5004 };
  const granted = { ...subtitles6, local, global: local, globalPort: local.port };
  assert.equal(pathOf(granted), 'Device.Firewall.Pinhole.[Alias=="s1-4"].');
});

test('a row that is read back is the opening it was made for', () => {
  const mapping = rowOf({ opening: video, seconds: 10 }, undefined);
  const held = heldOpening(
    {
      path: 'Device.NAT.PortMapping.7.',
      values: {
        ...mapping.values,
        Origin: 'Controller',
        ExternalPort: '16384',
        InternalClient: '192.168.1.2',
        X_SLUICE_ExternalAddress: '203.0.113.1',
        RemainingLeaseTime: '9',
        X_SLUICE_Packets: '12',
        X_SLUICE_Bytes: '14400',
      },
    },
    now,
  );
  assert.deepEqual(held, {
    opening: {
      id: 's1-0',
      streamType: 'rtp',
      payloadType: 96,
      remote: video.remote,
      global: { address: '203.0.113.1', port: 16_384 },
      globalPort: 16_384,
      local: { address: '192.168.1.2', port: 5000 },
      until: now + 9_000,
    },
    counters: { packets: 12, bytes: 14_400 },
  });
  const pinhole = rowOf({ opening: subtitles6, seconds: 10 }, undefined);
  const held6 = heldOpening(
    { path: 'Device.Firewall.Pinhole.1.', values: { ...pinhole.values, RemainingLeaseTime: '10' } },
    now,
  );
  const { until, ...rest } = subtitles6;
  assert.deepEqual(held6, {
    opening: { ...rest, global: { address: '2001:db8:100::2', port: 5004 }, until: now + 10_000 },
  });
});

test('a row that no controller made, or that is wider than an opening, is none', () => {
  const whole = {
    ...rowOf({ opening: video, seconds: 10 }, undefined).values,
    ExternalPort: '16384',
    InternalClient: '192.168.1.2',
    X_SLUICE_ExternalAddress: '203.0.113.1',
  };
  const path = 'Device.NAT.PortMapping.7.';
  assert.ok(heldOpening({ path, values: whole }, now));
  const spoilt: Record<string, string>[] = [
    { Origin: 'User' },
    { Alias: '' },
    { X_SLUICE_StreamType: 'any' },
    { RemoteHost: '' },
    { RemoteHost: 'example.net' },
    { ExternalPort: '0' },
    { ExternalPort: '65536' },
    { InternalClient: '' },
    { InternalPort: '' },
    { X_SLUICE_ExternalAddress: '' },
  ];
  for (const values of spoilt)
    assert.equal(heldOpening({ path, values: { ...whole, ...values } }, now), undefined, JSON.stringify(values));
  const pinhole = rowOf({ opening: subtitles6, seconds: 10 }, undefined).values;
  for (const values of [{ SourcePrefixes: '2001:db8:1::/64' }, { SourcePrefixes: '' }, { DestIP: '' }])
    assert.equal(
      heldOpening({ path: 'Device.Firewall.Pinhole.1.', values: { ...pinhole, ...values } }, now),
      undefined,
      JSON.stringify(values),
    );
});

test('a plan gives back first, rounds leases down, and is at least a second long', () => {
  const granted = {
    ...video,
    local: { address: '192.168.1.2', port: 5000 },
    globalPort: 1,
    global: { address: '203.0.113.1', port: 1 },
  };
  const change = {
    gateway: { gatewayId: 'self::gateway-a', type: 'sluice' as const, communication: {} },
    open: [
      { ...video, until: now + 10_999 },
      { ...video, until: now + 20 },
    ],
    renew: [{ opening: granted, until: now + 60_000 }],
    close: [granted],
  };
  const { steps } = planUsp(change, now);
  assert.deepEqual(
    steps.map((step) => [step.kind, step.kind === 'close' ? [] : step.leases.map(({ seconds }) => seconds)]),
    [
      ['close', []],
      ['renew', [60]],
      ['open', [10, 1]],
    ],
  );
});

test('the interface is named where it is known by which the request left; else the gateway finds it', () => {
  const outward = [
    { reference: 'Device.IP.Interface.1', ipv4: ['203.0.113.1'] },
    { reference: 'Device.IP.Interface.2', ipv4: ['100.64.0.2'] },
  ];
  const networks = { addresses: { global: [], local: [], own: [] }, translates: true, outward };
  const seen = (address: string) => ({
    ...video,
    flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address, port: 1 } },
  });
  const named = (opening: Opening, changes = {}) => interfaceFor(opening, { ...networks, ...changes })?.reference;
  assert.equal(named(seen('100.64.0.2')), 'Device.IP.Interface.2');
  assert.equal(named(seen('198.51.100.1')), undefined);
  assert.equal(named(seen('198.51.100.1'), { outward: outward.slice(0, 1) }), 'Device.IP.Interface.1');
  // What is not translated may come by any.
  assert.equal(named(subtitles6), undefined);
  assert.equal(named(seen('100.64.0.2'), { translates: false }), undefined);
});

test('SCTP and ESP are named as TR-181 has it: by vendor in a port mapping, by number in a pinhole', () => {
  const esp = { ...video, streamType: 'esp' as const, remote: { address: '203.0.113.10', port: 0 }, globalPort: 0 };
  const { values } = rowOf({ opening: { ...esp, local: { address: '192.168.1.2', port: 0 } }, seconds: 10 }, undefined);
  assert.deepEqual(
    [values.Protocol, values.X_SLUICE_RemotePort, values.ExternalPort, values.InternalPort],
    ['X_SLUICE_ESP', '0', '0', '0'],
  );
  assert.equal(
    rowOf({ opening: { ...video, streamType: 'sctp' }, seconds: 1 }, undefined).values.Protocol,
    'X_SLUICE_SCTP',
  );
  const six = { ...subtitles6, streamType: 'esp' as const, local: { address: '2001:db8:100::2', port: 0 } };
  const pinhole = rowOf({ opening: six, seconds: 1 }, undefined).values;
  assert.deepEqual([pinhole.Protocol, pinhole.SourcePort, pinhole.DestPort], ['50', '-1', '-1']);
  const path = 'Device.Firewall.Pinhole.1.';
  const read = (changes: Record<string, string>) =>
    heldOpening({ path, values: { ...pinhole, RemainingLeaseTime: '5', ...changes } }, now)?.opening;
  assert.deepEqual([read({})?.remote.port, read({})?.local.port, read({})?.globalPort], [0, 0, 0]);
  // A port where there is none, and none where there must be one.
  assert.equal(read({ DestPort: '4500' }), undefined);
  assert.equal(read({ X_SLUICE_StreamType: 'udp' }), undefined);
});
