import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContentRequest, GatewayAddresses, RefusalCode, RequestedStream, Traits } from '@sluice/model';
import { filmRequest, filmRequest6, filmStreams } from '../test/home.ts';
import { strongTraits } from '../test/simulated-gateway.ts';
import { type PlannedOpening, planOpenings } from './openings.ts';
import { checkTraits } from './path-holding.ts';
import { checkStreams } from './streams.ts';

const addresses: GatewayAddresses = {
  global: ['203.0.113.1'],
  local: [
    { address: '192.168.1.0', length: 24 },
    { address: '2001:db8:100::', length: 64 },
  ],
  own: ['192.168.1.1'],
};

const place = { sessionId: 's1', hop: 0 };

function plan(request: ContentRequest, traits: Traits = strongTraits): readonly PlannedOpening[] {
  const openings = planOpenings(place, request, { addresses, traits });
  assert.ok(!('code' in openings), JSON.stringify(openings));
  return openings;
}

test('IPv4: an opening for each stream, RTP and its RTCP in a group, the port left to the gateway', () => {
  const request = filmRequest('r1');
  const [video, rtcp, , , subtitles] = plan(request);
  assert.deepEqual(video, {
    id: 's1-0',
    streamType: 'rtp',
    payloadType: 96,
    remote: { address: '203.0.113.10', port: 7000 },
    flow: request.flow,
    portGroup: { name: 'video', offset: 0 },
    local: { address: '192.168.1.2', port: 5000 },
  });
  assert.deepEqual(rtcp?.portGroup, { name: 'video', offset: 1 });
  assert.deepEqual(subtitles, {
    id: 's1-4',
    streamType: 'tcp',
    remote: { address: '203.0.113.10', port: 7004 },
    flow: request.flow,
    local: { address: '192.168.1.2', port: 5004 },
  });
});

test('IPv4: without a stated address, and to a type that finds no device, what is unknown is left out', () => {
  assert.deepEqual(plan(filmRequest('r1', { localAddresses: [] }))[0]?.local, { port: 5000 });
  const [video] = plan(filmRequest('r1'), { ...strongTraits, findsDevice: false });
  assert.equal(video && 'flow' in video, false);
});

test('IPv6 streams after a request over IPv4 point at the IPv6 address that the device names', () => {
  const { streams } = filmRequest6('r1');
  const [video] = plan(filmRequest('r1', { streams, localAddresses: ['192.168.1.2', '2001:db8:100::2'] }));
  assert.deepEqual(video?.local, { address: '2001:db8:100::2', port: 5000 });
  assert.equal(video?.globalPort, 5000);
  const refused = planOpenings(place, filmRequest('r1', { streams }), { addresses, traits: strongTraits });
  assert.equal('code' in refused && refused.code, 'local-address-needed');
});

test('IPv6: the device is who was seen, and its port is the global one', () => {
  const [video] = plan(filmRequest6('r1'));
  assert.deepEqual(video?.local, { address: '2001:db8:100::2', port: 5000 });
  assert.equal(video?.globalPort, 5000);
  assert.equal(video?.portGroup, undefined);
});

test('streams that no gateway could open are refused', () => {
  const [video, rtcp, audio] = filmStreams() as [RequestedStream, RequestedStream, RequestedStream];
  const v6 = { address: '2001:db8:1::10', port: 7001 };
  const cases: [string, readonly RequestedStream[], RefusalCode | undefined][] = [
    ['the film', filmStreams(), undefined],
    ['none', [], 'malformed'],
    ['an id twice', [video, { ...audio, id: 'video' }], 'malformed'],
    ['the same two ends', [video, { ...video, id: 'again' }], 'malformed'],
    ['local port 0', [{ ...video, localPort: 0 }], 'port-invalid'],
    ['local port 65536', [{ ...video, localPort: 65_536 }], 'port-invalid'],
    ['half a port', [{ ...video, localPort: 1.5 }], 'port-invalid'],
    ['remote port 0', [{ ...video, remote: { ...video.remote, port: 0 } }], 'port-invalid'],
    ['a multicast server', [{ ...video, remote: { address: '224.0.0.1', port: 7000 } }], 'address-not-unicast'],
    ['a payload type of RTCP', [video, { ...rtcp, payloadType: 1 }], 'malformed'],
    ['a partner that is not there', [rtcp], 'malformed'],
    ['a partner that is RTCP', [{ ...rtcp, pairedWith: 'video-rtcp' }], 'malformed'],
    ['a partner twice', [video, rtcp, { ...rtcp, id: 'more', localPort: 9 }], 'malformed'],
    ['RTP as the second of a pair', [video, { ...audio, pairedWith: 'video' }], 'malformed'],
    ['a pair across versions', [video, { ...rtcp, remote: v6 }], 'malformed'],
  ];
  for (const [title, streams, code] of cases) assert.equal(checkStreams(streams)?.code, code, title);
});

const sctp: RequestedStream = {
  id: 'association',
  streamType: 'sctp',
  remote: { address: '203.0.113.10', port: 7000 },
  localPort: 5000,
};
const esp: RequestedStream = {
  id: 'tunnel',
  streamType: 'esp',
  remote: { address: '203.0.113.10', port: 0 },
  localPort: 0,
};

test('ESP has no ports, and everything else has', () => {
  assert.equal(checkStreams([sctp, esp]), undefined);
  const cases: [RequestedStream, RefusalCode][] = [
    [{ ...esp, localPort: 4500 }, 'port-invalid'],
    [{ ...esp, remote: { ...esp.remote, port: 4500 } }, 'port-invalid'],
    [{ ...sctp, localPort: 0 }, 'port-invalid'],
    [{ ...sctp, remote: { ...sctp.remote, port: 0 } }, 'port-invalid'],
  ];
  for (const [stream, code] of cases) assert.equal(checkStreams([stream])?.code, code);
  // Two tunnels from one peer to one device would be one.
  assert.equal(checkStreams([esp, { ...esp, id: 'other' }])?.code, 'malformed');
});

test('no global port is looked for where there are none', () => {
  const planned = plan(filmRequest('r', { streams: [esp, sctp] }));
  assert.deepEqual(
    planned.map(({ globalPort, local }) => [globalPort, local.port]),
    [
      [0, 0],
      [undefined, 5000],
    ],
  );
});

test('what a type cannot hold as tightly as asked is refused, never widened', () => {
  const cases: [string, Partial<Traits>, ContentRequest, RefusalCode | undefined][] = [
    ['all of it', {}, filmRequest('r'), undefined],
    ['all of it over IPv6', {}, filmRequest6('r'), undefined],
    ['no IPv6', { families: [4] }, filmRequest6('r'), 'trait-missing'],
    ['no source address', { sourceAddress: false }, filmRequest('r'), 'cannot-hold'],
    ['no source port', { sourcePort: false }, filmRequest('r'), 'cannot-hold'],
    ['no stream types', { streamTypes: false }, filmRequest('r'), 'cannot-hold'],
    [
      'no stream types, and none needed',
      { streamTypes: false },
      filmRequest('r', { streams: filmStreams().slice(4) }),
      undefined,
    ],
    [
      'streams of the other version, and the gateway cannot tell whose address is meant',
      { findsDevice: false },
      filmRequest('r', { streams: filmStreams('2001:db8:1::10') }),
      'path-mismatch',
    ],
    [
      'streams of the other version, and the gateway can',
      {},
      filmRequest('r', { streams: filmStreams('2001:db8:1::10') }),
      undefined,
    ],
    ['SCTP', {}, filmRequest('r', { streams: [sctp] }), 'trait-missing'],
    ['SCTP, of a type that has ESP', { protocols: ['esp'] }, filmRequest('r', { streams: [sctp] }), 'trait-missing'],
    ['SCTP, of a type that has it', { protocols: ['sctp'] }, filmRequest('r', { streams: [sctp] }), undefined],
    ['ESP', {}, filmRequest('r', { streams: [esp] }), 'trait-missing'],
    ['ESP, of a type that has it', { protocols: ['esp'] }, filmRequest('r', { streams: [esp] }), undefined],
    [
      'weaker for the version of the streams, not of the request',
      { ipv6: { sourcePort: false } },
      filmRequest('r', { streams: filmStreams('2001:db8:1::10') }),
      'cannot-hold',
    ],
  ];
  for (const [title, traits, request, code] of cases)
    assert.equal(checkTraits(request, [{ ...strongTraits, ...traits }], [])?.code, code, title);
});
