import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** A key that secrets are sealed with. */
export interface SealKey {
  /** Told by the key itself, and no secret: which key opens what stands beside each sealed text. */
  readonly id: string;
  readonly key: KeyObject;
}

/** Octets of a key. */
export const keyLength = 32;
const cipher = 'aes-256-gcm';
const nonceLength = 12;
const tagLength = 16;

/** A key out of its {@link keyLength} octets. */
export function sealKey(octets: Uint8Array): SealKey {
  const id = createHash('sha256').update('sluice secrets key\n').update(octets).digest('hex').slice(0, 16);
  return { id, key: createSecretKey(octets) };
}

/** Encrypts (AES-256-GCM, NIST SP 800-38D). `about` says what the secret is of: under another name it does not open. */
export function seal({ key }: SealKey, secret: Uint8Array, about: string): string {
  const nonce = randomBytes(nonceLength);
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(about));
  const sealed = [sealing.update(secret), sealing.final()];
  return Buffer.concat([nonce, ...sealed, sealing.getAuthTag()]).toString('base64url');
}

/** Decrypts; undefined where the text, or what it is said to be of, is not what was sealed. */
export function unseal({ key }: SealKey, sealed: string, about: string): Buffer | undefined {
  const octets = Buffer.from(sealed, 'base64url');
  if (octets.length < nonceLength + tagLength) return undefined;
  const opening = createDecipheriv(cipher, key, octets.subarray(0, nonceLength), { authTagLength: tagLength });
  opening.setAAD(Buffer.from(about)).setAuthTag(octets.subarray(-tagLength));
  try {
    return Buffer.concat([opening.update(octets.subarray(nonceLength, -tagLength)), opening.final()]);
  } catch {
    return undefined;
  }
}
