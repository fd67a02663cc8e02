import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightProbe, type Surroundings, type Target, wrongProbes } from './probes.ts';

const around: Surroundings = {
  otherServerAddress: '203.0.113.11',
  stranger: '203.0.113.66',
  otherDevice: '192.168.1.3',
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
