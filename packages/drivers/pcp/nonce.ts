import { createHmac } from 'node:crypto';
import { nonceLength } from '@sluice/wire/pcp';

/**
 * The nonce of an opening's mapping (RFC 6887 11.2): without it nobody renews or deletes the mapping. Made of a secret and
 * the opening's id, so that who asked is known again after a restart, and nothing has to be kept.
 */
export function nonceOf(secret: Uint8Array, openingId: string): Uint8Array {
  return createHmac('sha256', secret).update('sluice pcp nonce\0').update(openingId).digest().subarray(0, nonceLength);
}
