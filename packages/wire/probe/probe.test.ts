import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRtcp } from '../rtp/index.ts';
import { probeLength, readProbe, writeProbe } from './index.ts';

const trial = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a probe is of its stream type, octet by octet', () => {
  const tail = 'f1534c554943450e0102030405060708090a0b0c0d0e0f10';
  assert.equal(hex(writeProbe({ streamType: 'rtp', payloadType: 33 }, trial)), `802100000000000001020304${tail}`);
  assert.equal(hex(writeProbe({ streamType: 'rtp-mux' }, trial)), `806000000000000001020304${tail}`);
  assert.equal(hex(writeProbe({ streamType: 'rtcp' }, trial)), `80cc000801020304534c5549${tail}`);
  assert.equal(hex(writeProbe({ streamType: 'udp' }, trial)), `${'00'.repeat(12)}${tail}`);
});

test('a probe for RTCP is RTCP', () => {
  assert.equal(parseRtcp(writeProbe({ streamType: 'rtcp' }, trial))?.length, 1);
});

test('every probe reads back; what is shorter, longer or altered is none', () => {
  for (const streamType of ['tcp', 'udp', 'rtp', 'rtcp', 'rtp-mux'] as const) {
    const probe = writeProbe({ streamType }, trial);
    assert.deepEqual(readProbe(probe), trial);
    for (let length = 0; length < probeLength; length++) assert.equal(readProbe(probe.subarray(0, length)), undefined);
    assert.equal(readProbe(Uint8Array.of(...probe, 0)), undefined);
    for (let at = 12; at < 20; at++) {
      const altered = Uint8Array.from(probe);
      altered[at] = (altered[at] ?? 0) ^ 1;
      assert.equal(readProbe(altered), undefined, `octet ${at}`);
    }
  }
  assert.throws(() => writeProbe({ streamType: 'udp' }, trial.subarray(1)), RangeError);
});
