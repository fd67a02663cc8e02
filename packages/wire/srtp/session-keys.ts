import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { masterKeyLength, masterLength, type SrtpSuite, saltLength } from './suite.ts';

/** What the packets of one direction are protected with, RTP or RTCP. */
export interface SessionKeys {
  readonly cipher: KeyObject;
  readonly salt: Uint8Array;
  /** HMAC-SHA1's; no use for AEAD. */
  readonly authentication: KeyObject;
}

/** The keys of one direction, from its master key and salt (RFC 3711 4.3, with a key derivation rate of 0). */
export function deriveSessionKeys(
  suite: SrtpSuite,
  master: Uint8Array,
): { readonly rtp: SessionKeys; readonly rtcp: SessionKeys } {
  if (master.length !== masterLength(suite))
    throw new RangeError(`a master key and salt of ${suite} are ${masterLength(suite)} octets, not ${master.length}`);
  const from = (firstLabel: number): SessionKeys => ({
    cipher: createSecretKey(derive(master, firstLabel, 16)),
    authentication: createSecretKey(derive(master, firstLabel + 1, 20)),
    salt: derive(master, firstLabel + 2, saltLength(suite)),
  });
  return { rtp: from(0), rtcp: from(3) };
}

/**
 * RFC 3711 4.3.3: the AES key stream from the salt with the label in its eighth octet. Shorter salts have zeros at their
 * end (RFC 7714 11).
 */
function derive(master: Uint8Array, label: number, length: number): Uint8Array {
  const counter = new Uint8Array(16);
  counter.set(master.subarray(masterKeyLength));
  counter[7] = (counter[7] ?? 0) ^ label;
  const cipher = createCipheriv('aes-128-ctr', master.subarray(0, masterKeyLength), counter);
  return cipher.update(new Uint8Array(length));
}
