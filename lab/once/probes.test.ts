import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightProbe, type Surroundings, type Target, wrongProbes } from './probes.ts';

const around: Surroundings = {
  otherServerAddress: '203.0.113.11',
  stranger: '203.0.113.66',
  otherDevice: '192.168.1.3',
  entrances: ['203.0.113.1'],
  lan: { appliance: '192.168.1.2', server: '203.0.113.10', stranger: '203.0.113.66' },
};
const video: Target = {
  streamId: 'video',
  kind: 'rtp',
  payloadType: 96,
  firstSpeaker: 'server',
  remote: { address: '203.0.113.10', port: 7000 },
  global: { address: '203.0.113.1', port: 20000 },
  local: { address: '192.168.1.2', port: 5000 },
};

test('no wrong probe is the right packet, and each differs from it in one way', () => {
  const right = rightProbe(video);
  assert.ok(right);
  const same = (probe: object) => JSON.stringify({ ...probe, probe: '', sender: '', right: true });
  const wrong = wrongProbes(video, around);
  for (const probe of wrong) assert.notEqual(same(probe), same(right), `${probe.probe} from the ${probe.sender}`);
  for (const sender of ['media server', 'stranger'])
    assert.deepEqual(
      wrong.filter((probe) => probe.sender === sender).map((probe) => probe.probe),
      [
        'other source address',
        'other source port',
        'other global port',
        'other protocol',
        'non-RTP',
        'other payload type',
        'second appliance',
        "appliance's LAN address",
      ],
    );
});

test('ports that must differ stay ports', () => {
  for (const port of [1024, 16384, 31767, 31768, 32767, 65534]) {
    const target = { ...video, global: { ...video.global, port }, remote: { ...video.remote, port } };
    for (const { from, to } of wrongProbes(target, around))
      for (const end of [from, to]) assert.ok(end.port >= 1 && end.port <= 65535);
  }
});

test('a TCP opening is tried with UDP, and has no right packet of its own', () => {
  const subtitles: Target = { ...video, streamId: 'subtitles', kind: 'tcp' };
  assert.equal(rightProbe(subtitles), undefined);
  const other = wrongProbes(subtitles, around).filter((probe) => probe.probe === 'other protocol');
  assert.deepEqual(
    other.map((probe) => probe.transport),
    ['udp', 'udp'],
  );
});

test('between two boxes: past the outer one, at its own address, and from a neighbour who stands behind it', () => {
  const inner = { address: '192.168.0.2', port: 21000 };
  const twoBoxes: Surroundings = {
    ...around,
    entrances: ['192.168.0.2', '203.0.113.1', '198.51.100.1'],
    neighbour: '192.168.0.66',
    lan: { appliance: '192.168.1.2', server: '203.0.113.10', stranger: '203.0.113.66', neighbour: '192.168.0.66' },
  };
  const wrong = wrongProbes({ ...video, inner }, twoBoxes);
  const of = (probe: string) =>
    wrong
      .filter((each) => each.probe === probe)
      .map(({ sender, from, to }) => [sender, from.address, to.address, to.port]);
  assert.deepEqual(of('past the outer box'), [
    ['media server', '203.0.113.10', '192.168.0.2', 21000],
    ['stranger', '203.0.113.66', '192.168.0.2', 21000],
  ]);
  assert.deepEqual(of('other global address'), [['media server', '203.0.113.10', '198.51.100.1', 20000]]);
  assert.deepEqual(of('other source address').at(-1), ['neighbour', '192.168.0.66', '192.168.0.2', 21000]);
  assert.deepEqual(of("appliance's LAN address").at(-1), ['neighbour', '192.168.0.66', '192.168.1.2', 5000]);
});

test('where there is no IPv4, nothing is tried over it', () => {
  const { lan: _, ...ipv6 } = around;
  assert.ok(wrongProbes(video, ipv6).every(({ probe }) => probe !== "appliance's LAN address"));
});
