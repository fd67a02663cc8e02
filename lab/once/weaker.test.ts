import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeReport } from './probe-report.ts';
import { type Held, isNamed, remarksOn } from './weaker.ts';

const all: Held = {
  remoteAddress: true,
  remotePort: true,
  streamType: true,
  lease: true,
  revokeStopsRunning: true,
  narrowingOverRestart: true,
  symmetricSource: true,
};
const without = (...names: string[]): Held => ({ ...all, ...Object.fromEntries(names.map((name) => [name, false])) });

function passed(
  probe: string,
  phase: ProbeReport['phase'],
  sender: ProbeReport['sender'] = 'media server',
): ProbeReport {
  return {
    probe,
    sender,
    stream: 'video',
    phase,
    firstSpeaker: 'server',
    right: probe === 'right packet',
    sent: 5,
    passed: 5,
  };
}

const during: [string, ProbeReport['sender'], string[]][] = [
  ['other source address', 'media server', ['remoteAddress']],
  ['other source address', 'stranger', ['remoteAddress']],
  ['other source port', 'stranger', ['remotePort']],
  ['non-RTP', 'media server', ['streamType']],
  ['non-RTP', 'stranger', ['streamType', 'remoteAddress']],
  ['other payload type', 'media server', ['streamType']],
  ["appliance's LAN address", 'media server', ['remotePort']],
  ["appliance's LAN address", 'stranger', ['remotePort', 'remoteAddress']],
];
test('a packet may come in where every promise that keeps it out is named as not held', () => {
  for (const [name, sender, promises] of during) {
    const probe = passed(name, 'during', sender);
    assert.equal(isNamed(probe, all, [probe]), false, `${name}, ${sender}`);
    assert.equal(isNamed(probe, without(...promises), [probe]), true, `${name}, ${sender}`);
    for (const kept of promises) {
      const others = Object.keys(all).filter((other) => other !== kept);
      assert.equal(isNamed(probe, without(...others), [probe]), false, `${name}, ${sender}, with ${kept}`);
    }
    const before = passed(name, 'before', sender);
    assert.equal(isNamed(before, without(...Object.keys(all)), [before]), false, `${name}, before`);
  }
});

test('what no promise is about never comes in', () => {
  for (const name of ['other global port', 'other protocol', 'second appliance'])
    assert.equal(isNamed(passed(name, 'during'), without(...Object.keys(all)), []), false, name);
});

test('after the session only what came in before may, where a running flow may outlive its opening', () => {
  const right = [passed('right packet', 'during'), passed('right packet', 'after')] as const;
  assert.equal(isNamed(right[1], all, right), false);
  assert.equal(isNamed(right[1], without('revokeStopsRunning'), right), true);
  assert.equal(isNamed(right[1], without('revokeStopsRunning'), [right[1]]), false);
  const wrong = [passed('other source port', 'during'), passed('other source port', 'after')] as const;
  assert.equal(isNamed(wrong[1], without('revokeStopsRunning'), wrong), false);
  assert.equal(isNamed(wrong[1], without('revokeStopsRunning', 'remotePort'), wrong), true);
});

test('what came in as said is told, by promise', () => {
  const probes = [
    passed('right packet', 'during'),
    passed('other source port', 'during'),
    passed('other source port', 'during', 'stranger'),
    passed('right packet', 'after'),
  ];
  assert.deepEqual(remarksOn(probes, all), []);
  assert.deepEqual(remarksOn(probes, without('remotePort', 'revokeStopsRunning')), [
    'remotePort is not held, as the verdict says: other source port from the media server, other source port from the stranger came in.',
    'revokeStopsRunning is not held, as the verdict says: right packets from the media server came in.',
  ]);
});
