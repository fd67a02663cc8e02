import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { SessionKeys } from './session-keys.ts';
import { encryptedFlag, rtcpClearLength, rtcpIndexLength, type Transform } from './transform.ts';

const tagLength = 10;

/** AES_CM_128_HMAC_SHA1_80 (RFC 3711 4.1.1, 4.2.1). */
export function aesCm(rtp: SessionKeys, rtcp: SessionKeys): Transform {
  return {
    sealRtp(header, payload, rollover) {
      const sealed = crypt(rtp, rtpCounter(rtp.salt, header, rollover), payload);
      return [sealed, tagOf(rtp, header, sealed, word(rollover))];
    },
    openRtp(bytes, headerLength, rollover) {
      const tagAt = bytes.length - tagLength;
      const tag = tagOf(rtp, bytes.subarray(0, tagAt), word(rollover));
      if (!timingSafeEqual(tag, bytes.subarray(tagAt))) return undefined;
      return crypt(rtp, rtpCounter(rtp.salt, bytes, rollover), bytes.subarray(headerLength, tagAt));
    },
    // RFC 3711 3.4: the index stands before the tag.
    sealRtcp(compound, index) {
      const clear = compound.subarray(0, rtcpClearLength);
      const sealed = crypt(rtcp, counter(rtcp.salt, compound, 4, 0, index), compound.subarray(rtcpClearLength));
      const last = word((encryptedFlag | index) >>> 0);
      return Buffer.concat([clear, sealed, last, tagOf(rtcp, clear, sealed, last)]);
    },
    openRtcp(bytes) {
      const tagAt = bytes.length - tagLength;
      if (!timingSafeEqual(tagOf(rtcp, bytes.subarray(0, tagAt)), bytes.subarray(tagAt))) return undefined;
      const index = this.rtcpIndexWord(bytes) & 0x7fff_ffff;
      const text = bytes.subarray(rtcpClearLength, tagAt - rtcpIndexLength);
      return crypt(rtcp, counter(rtcp.salt, bytes, 4, 0, index), text);
    },
    rtcpIndexWord: (bytes) => viewOf(bytes).getUint32(bytes.length - tagLength - rtcpIndexLength),
  };
}

/** Encrypting and decrypting are one in counter mode. */
function crypt({ cipher }: SessionKeys, iv: Uint8Array, text: Uint8Array): Uint8Array {
  return createCipheriv('aes-128-ctr', cipher, iv).update(text);
}

function tagOf({ authentication }: SessionKeys, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha1', authentication);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, tagLength);
}

function rtpCounter(salt: Uint8Array, header: Uint8Array, rollover: number): Uint8Array {
  const sequence = viewOf(header).getUint16(2);
  return counter(salt, header, 8, Math.floor(rollover / 2 ** 16), (((rollover & 0xffff) << 16) | sequence) >>> 0);
}

/**
 * RFC 3711 4.1.1: salt * 2^16 XOR source * 2^64 XOR index * 2^16. The index is 48 bits, given as its upper 16 and lower
 * 32; the source is read from where it stands.
 */
function counter(salt: Uint8Array, packet: Uint8Array, sourceAt: number, upper: number, lower: number): Uint8Array {
  const iv = new Uint8Array(16);
  const view = viewOf(iv);
  iv.set(packet.subarray(sourceAt, sourceAt + 4), 4);
  view.setUint16(8, upper);
  view.setUint32(10, lower);
  for (let i = 0; i < salt.length; i++) iv[i] = (iv[i] ?? 0) ^ (salt[i] ?? 0);
  return iv;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
