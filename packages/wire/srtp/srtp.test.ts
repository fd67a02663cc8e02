import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { aesCm } from './aes-cm.ts';
import { aesGcm } from './aes-gcm.ts';
import { masterLength, SrtpReceiver, SrtpSender, srtpSuites } from './index.ts';
import { deriveSessionKeys } from './session-keys.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const hexOf = (bytes: Uint8Array | string | undefined) =>
  typeof bytes === 'object' ? Buffer.from(bytes).toString('hex') : bytes;

test('session keys are those of RFC 3711 B.3', () => {
  const master = hex('e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6');
  const { rtp } = deriveSessionKeys('AES_CM_128_HMAC_SHA1_80', master);
  assert.equal(hexOf(rtp.cipher.export()), 'c61e7a93744f39ee10734afe3ff7a087');
  assert.equal(hexOf(rtp.salt), '30cbbc08863d8c85d49db34a9ae1');
  assert.equal(hexOf(rtp.authentication.export()), 'cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

test('the key stream is that of RFC 3711 B.2', () => {
  const keys = {
    cipher: createSecretKey(hex('2b7e151628aed2a6abf7158809cf4f3c')),
    salt: hex('f0f1f2f3f4f5f6f7f8f9fafbfcfd'),
    authentication: createSecretKey(hex('00')),
  };
  const [sealed] = aesCm(keys, keys).sealRtp(hex('800000000000000000000000'), new Uint8Array(48), 0);
  assert.equal(
    hexOf(sealed),
    'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
  );
});

test('AEAD packets are those of RFC 7714 16.1.1 and 17.1', () => {
  const keys = {
    cipher: createSecretKey(hex('000102030405060708090a0b0c0d0e0f')),
    salt: hex('517569642070726f2071756f'),
    authentication: createSecretKey(hex('00')),
  };
  const transform = aesGcm(keys, keys);
  const header = hex('8040f17b8041f8d35501a0b2');
  const payload = Buffer.from('Gallia est omnis divisa in partes tres');
  const srtp = hex(
    `${hexOf(header)} f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
    899d7f27beb16a9152cf765ee4390cce`.replaceAll(/\s/g, ''),
  );
  assert.equal(hexOf(Buffer.concat([header, ...transform.sealRtp(header, payload, 0)])), hexOf(srtp));
  assert.equal(hexOf(transform.openRtp(srtp, 12, 0)), hexOf(payload));
  assert.equal(transform.openRtp(srtp, 12, 1), undefined, 'the rollover counter is part of it');

  const rtcp = hex(
    '81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
  );
  const srtcp = hex(
    '81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4',
  );
  assert.equal(hexOf(transform.sealRtcp(rtcp, 0x5d4)), hexOf(srtcp));
  assert.equal(hexOf(transform.openRtcp(srtcp)), hexOf(rtcp.subarray(8)));
});

const rtp = hex('800f1234decafbadcafebabe abababababababababababababababab');
const rtcp = hex('81c8000bcafebabe abababababababababababababababab');
/** From libsrtp's own test driver: from the master key to the datagram. */
const libsrtp = {
  AES_CM_128_HMAC_SHA1_80: {
    master: 'e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6',
    srtp: '800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb',
    srtcp: '81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798',
  },
  AEAD_AES_128_GCM: {
    master: '000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab',
    srtp: '800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392',
    srtcp: '81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025 c52c6fbea2b3b446ea31123ba88ce61e 80000001',
  },
};

for (const suite of srtpSuites) {
  const master = randomBytes(masterLength(suite));
  const header = (sequence: number, ssrc = 7) => {
    const bytes = hex('806000000000000000000000');
    const view = new DataView(bytes.buffer);
    view.setUint16(2, sequence);
    view.setUint32(8, ssrc);
    return bytes;
  };
  const pair = (key: Uint8Array = master) => {
    const sender = new SrtpSender(suite, key);
    const packet = (sequence: number, payload: Uint8Array = Uint8Array.of(1, 2, 3)) =>
      Uint8Array.from(Buffer.concat([header(sequence), ...sender.protectRtp(header(sequence), payload)]));
    return { sender, receiver: new SrtpReceiver(suite, key), packet };
  };

  test(`${suite}: datagrams are those of libsrtp, both ways`, () => {
    const known = libsrtp[suite];
    const { sender, receiver } = pair(hex(known.master));
    assert.equal(
      hexOf(Buffer.concat([rtp.subarray(0, 12), ...sender.protectRtp(rtp.subarray(0, 12), rtp.subarray(12))])),
      hexOf(hex(known.srtp)),
    );
    // libsrtp counts from one.
    sender.protectRtcp(rtcp);
    assert.equal(hexOf(sender.protectRtcp(rtcp)), hexOf(hex(known.srtcp)));
    assert.equal(hexOf(receiver.unprotectRtp(hex(known.srtp))), hexOf(rtp));
    assert.equal(hexOf(receiver.unprotectRtcp(hex(known.srtcp))), hexOf(rtcp));
  });

  test(`${suite}: any payload comes out as it went in, and its octets are not on the wire`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 1400 }), fc.nat(0x7fff), (payload, sequence) => {
        const { packet, receiver } = pair();
        const sent = packet(sequence, payload);
        assert.equal(hexOf(sent.subarray(0, 12)), hexOf(header(sequence)), 'the header stays readable');
        if (payload.length >= 16) assert.ok(!Buffer.from(sent).includes(Buffer.from(payload)));
        assert.equal(hexOf(receiver.unprotectRtp(sent)), hexOf(Buffer.concat([header(sequence), payload])));
      }),
      { numRuns: 50 },
    );
  });

  test(`${suite}: a header with CSRCs and an extension is authenticated and readable`, () => {
    const { sender, receiver } = pair();
    const long = hex('92600001 00000000 00000007 00000001 00000002 bede0001 11cafe00');
    const sent = Uint8Array.from(Buffer.concat([long, ...sender.protectRtp(long, Uint8Array.of(9))]));
    assert.equal(hexOf(receiver.unprotectRtp(sent)), `${hexOf(long)}09`);
    sent[long.length - 1] = 1;
    assert.equal(new SrtpReceiver(suite, master).unprotectRtp(sent), 'unauthentic');
  });

  test(`${suite}: each single changed bit is noticed, and does no harm to what comes after`, () => {
    const { packet, receiver, sender } = pair();
    receiver.unprotectRtp(packet(1));
    receiver.unprotectRtcp(sender.protectRtcp(rtcp));
    const sent = packet(2);
    const compound = sender.protectRtcp(rtcp);
    for (let bit = 0; bit < sent.length * 8; bit++) {
      const changed = Uint8Array.from(sent);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(typeof receiver.unprotectRtp(changed), 'string', `bit ${bit}`);
    }
    for (let bit = 0; bit < compound.length * 8; bit++) {
      const changed = Uint8Array.from(compound);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(typeof receiver.unprotectRtcp(changed), 'string', `bit ${bit} of RTCP`);
    }
    assert.equal(typeof receiver.unprotectRtp(sent), 'object');
    assert.equal(hexOf(receiver.unprotectRtcp(compound)), hexOf(rtcp));
  });

  test(`${suite}: another key opens nothing`, () => {
    const { packet, sender } = pair();
    const receiver = new SrtpReceiver(suite, randomBytes(masterLength(suite)));
    assert.equal(receiver.unprotectRtp(packet(1)), 'unauthentic');
    assert.equal(receiver.unprotectRtcp(sender.protectRtcp(rtcp)), 'unauthentic');
  });

  test(`${suite}: what came once does not come again, late or not`, () => {
    const { packet, receiver, sender } = pair();
    const sent = [10, 11, 12, 13].map((sequence) => packet(sequence));
    for (const at of [0, 2, 1, 3]) assert.equal(typeof receiver.unprotectRtp(sent[at] ?? rtp), 'object');
    for (const again of sent) assert.equal(receiver.unprotectRtp(again), 'replayed');
    const compound = sender.protectRtcp(rtcp);
    assert.equal(typeof receiver.unprotectRtcp(compound), 'object');
    assert.equal(receiver.unprotectRtcp(compound), 'replayed');
    packet(1036);
    assert.equal(typeof receiver.unprotectRtp(packet(1037)), 'object');
    assert.equal(receiver.unprotectRtp(sent[3] ?? rtp), 'replayed', 'older than the window');
  });

  test(`${suite}: sequence numbers wrap, again and again, with loss and disorder about it`, () => {
    const { packet, receiver } = pair();
    let sequence = 0x7ff0;
    for (let i = 0; i < 150; i++) {
      const before = packet(sequence & 0xffff);
      const after = packet((sequence + 997) & 0xffff);
      assert.equal(typeof receiver.unprotectRtp(after), 'object', `packet ${i}`);
      assert.equal(typeof receiver.unprotectRtp(before), 'object', `late packet ${i}`);
      assert.equal(receiver.unprotectRtp(before), 'replayed');
      sequence += 2000;
    }
  });

  test(`${suite}: a sender never protects two packets alike`, () => {
    const { sender, packet } = pair();
    packet(5);
    for (const wrong of [5, 4, 5 + 0x8000]) assert.throws(() => packet(wrong), RangeError);
    assert.throws(() => sender.protectRtp(header(6, 8), Uint8Array.of()), RangeError);
    assert.notDeepEqual(sender.protectRtcp(rtcp), sender.protectRtcp(rtcp));
    assert.throws(() => new SrtpSender(suite, master.subarray(1)), RangeError);
  });

  test(`${suite}: no datagram makes a receiver throw`, () => {
    const { packet, receiver } = pair();
    assert.equal(typeof receiver.unprotectRtp(packet(1)), 'object');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, likely) => {
        if (likely) bytes.set([0x80 | ((bytes[0] ?? 0) & 0x3f)].slice(0, bytes.length));
        assert.equal(typeof receiver.unprotectRtp(bytes), 'string');
        assert.equal(typeof receiver.unprotectRtcp(bytes), 'string');
      }),
    );
  });

  test(`${suite}: RTCP that was not encrypted is not taken`, () => {
    const { sender, receiver } = pair();
    const sent = sender.protectRtcp(rtcp);
    const at = suite === 'AEAD_AES_128_GCM' ? sent.length - 4 : sent.length - 14;
    sent[at] = 0;
    assert.equal(receiver.unprotectRtcp(sent), 'malformed');
  });
}
