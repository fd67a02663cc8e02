import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callRightProbe, callWrongProbes } from './call-probes.ts';
import type { Target } from './probes.ts';

const target: Target = {
  streamId: 'audio to tv-1',
  kind: 'rtp',
  firstSpeaker: 'appliance',
  remote: { address: '203.0.113.2', port: 21000 },
  global: { address: '203.0.113.1', port: 20000 },
  local: { address: '192.168.1.2', port: 5000 },
};
const around = { stranger: '203.0.113.66', server: '203.0.113.10', hidden: '192.168.1.2', otherDevice: '192.168.1.3' };

test('no wrong packet of a call is the right one, and each is wrong in one way', () => {
  const { from, to, transport, payload } = callRightProbe(target);
  const differences = callWrongProbes(target, around).map((probe) => [
    probe.probe,
    [
      ...(probe.from.address === from.address ? [] : ['from address']),
      ...(probe.from.port === from.port ? [] : ['from port']),
      ...(probe.to.address === to.address ? [] : ['to']),
      ...(probe.to.address === to.address && probe.to.port !== to.port ? ['to port'] : []),
      ...(probe.transport === transport ? [] : ['transport']),
      ...(probe.transport === transport && probe.payload !== payload ? ['payload'] : []),
    ].join(),
  ]);
  assert.deepEqual(differences, [
    ['other source address', 'from address'],
    ['other source address', 'from address'],
    ['other source port', 'from port'],
    ['other global port', 'to port'],
    ['other protocol', 'transport'],
    ['non-RTP', 'payload'],
    ["appliance's LAN address", 'to'],
    ['second appliance', 'to'],
  ]);
  assert.ok(callWrongProbes(target, around).every(({ right }) => !right));
});

test('where nobody outside knows a way to a home, nothing is tried at what is hidden there', () => {
  const { stranger, server } = around;
  assert.equal(callWrongProbes(target, { stranger, server }).length, 6);
});
