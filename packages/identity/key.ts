import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** EC P-256: the keys of this deployment. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes a key: PKCS #8 in PEM. It never leaves its owner. */
export async function newKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

/** Both halves of a key in PEM, for signing and checking. Throws on what is no EC P-256 key. */
export async function keyPair(keyPem: string): Promise<CryptoKeyPair> {
  const key = createPrivateKey(keyPem);
  const [pkcs8, spki] = [
    key.export({ type: 'pkcs8', format: 'der' }),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
  ].map((der) => new Uint8Array(der)) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  return {
    privateKey: (await webcrypto.subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign'])) as CryptoKey,
    publicKey: (await webcrypto.subtle.importKey('spki', spki, keyAlgorithm, true, ['verify'])) as CryptoKey,
  };
}
