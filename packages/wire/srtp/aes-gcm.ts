import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { SessionKeys } from './session-keys.ts';
import { encryptedFlag, rtcpClearLength, rtcpIndexLength, type Transform } from './transform.ts';

const tagLength = 16;
const algorithm = 'aes-128-gcm';

/** AEAD_AES_128_GCM (RFC 7714). */
export function aesGcm(rtp: SessionKeys, rtcp: SessionKeys): Transform {
  const encrypt = ({ cipher: key }: SessionKeys, iv: Uint8Array, clear: Uint8Array, text: Uint8Array) => {
    const cipher = createCipheriv(algorithm, key, iv);
    cipher.setAAD(clear);
    const sealed = cipher.update(text);
    cipher.final();
    return [sealed, cipher.getAuthTag()] as const;
  };
  const decrypt = (keys: SessionKeys, iv: Uint8Array, clear: Uint8Array, text: Uint8Array, tag: Uint8Array) => {
    const decipher = createDecipheriv(algorithm, keys.cipher, iv, { authTagLength: tagLength });
    decipher.setAAD(clear).setAuthTag(tag);
    const opened = decipher.update(text);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return opened;
  };
  return {
    sealRtp: (header, payload, rollover) => encrypt(rtp, rtpIv(rtp.salt, header, rollover), header, payload),
    openRtp(bytes, headerLength, rollover) {
      const end = bytes.length - tagLength;
      const iv = rtpIv(rtp.salt, bytes, rollover);
      const text = bytes.subarray(headerLength, end);
      return decrypt(rtp, iv, bytes.subarray(0, headerLength), text, bytes.subarray(end));
    },
    // RFC 7714 9.2: the index stands behind the tag, and is authenticated.
    sealRtcp(compound, index) {
      const clear = associated(compound, (encryptedFlag | index) >>> 0);
      const [sealed, tag] = encrypt(
        rtcp,
        rtcpIv(rtcp.salt, compound, index),
        clear,
        compound.subarray(rtcpClearLength),
      );
      return Buffer.concat([compound.subarray(0, rtcpClearLength), sealed, tag, clear.subarray(rtcpClearLength)]);
    },
    openRtcp(bytes) {
      const word = this.rtcpIndexWord(bytes);
      const tagAt = bytes.length - rtcpIndexLength - tagLength;
      const iv = rtcpIv(rtcp.salt, bytes, word & 0x7fff_ffff);
      const text = bytes.subarray(rtcpClearLength, tagAt);
      return decrypt(rtcp, iv, associated(bytes, word), text, bytes.subarray(tagAt, tagAt + tagLength));
    },
    rtcpIndexWord: (bytes) => viewOf(bytes).getUint32(bytes.length - rtcpIndexLength),
  };
}

/** RFC 7714 8.1: two zero octets, source, rollover counter, sequence number; salted. */
function rtpIv(salt: Uint8Array, header: Uint8Array, rollover: number): Uint8Array {
  const iv = new Uint8Array(12);
  iv.set(header.subarray(8, 12), 2);
  viewOf(iv).setUint32(6, rollover);
  iv.set(header.subarray(2, 4), 10);
  return salted(iv, salt);
}

/** RFC 7714 9.1: two zero octets, source, two zero octets, index; salted. */
function rtcpIv(salt: Uint8Array, packet: Uint8Array, index: number): Uint8Array {
  const iv = new Uint8Array(12);
  iv.set(packet.subarray(4, 8), 2);
  viewOf(iv).setUint32(8, index);
  return salted(iv, salt);
}

function salted(iv: Uint8Array, salt: Uint8Array): Uint8Array {
  for (let i = 0; i < iv.length; i++) iv[i] = (iv[i] ?? 0) ^ (salt[i] ?? 0);
  return iv;
}

/** What is authenticated and not encrypted of an RTCP datagram: its first eight octets and the index word. */
function associated(packet: Uint8Array, word: number): Uint8Array {
  const clear = new Uint8Array(rtcpClearLength + rtcpIndexLength);
  clear.set(packet.subarray(0, rtcpClearLength));
  viewOf(clear).setUint32(rtcpClearLength, word);
  return clear;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
