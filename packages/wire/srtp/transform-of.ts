import { aesCm } from './aes-cm.ts';
import { aesGcm } from './aes-gcm.ts';
import { deriveSessionKeys } from './session-keys.ts';
import type { SrtpSuite } from './suite.ts';
import type { Transform } from './transform.ts';

/** A suite's transform under the keys that come from a master key and salt. Throws RangeError where they are no such. */
export function transformOf(suite: SrtpSuite, master: Uint8Array): Transform {
  const { rtp, rtcp } = deriveSessionKeys(suite, master);
  return suite === 'AEAD_AES_128_GCM' ? aesGcm(rtp, rtcp) : aesCm(rtp, rtcp);
}
