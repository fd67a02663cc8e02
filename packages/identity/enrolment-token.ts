import { X509Certificate } from 'node:crypto';

/** What a part needs to enrol, once: handed over by the operator, outside of our links. */
export interface EnrolmentToken {
  /** Where to enrol: `https://host:port`. */
  readonly url: string;
  /** SHA-256 of the deployment's CA certificate (DER), lower-case hexadecimal: whoever else answers gets no secret. */
  readonly fingerprint: string;
  /** Proves that the operator asked for this; good once. */
  readonly secret: string;
  readonly endpointId: string;
}

const longest = 2_048;

/** A token as one word. */
export function encodeEnrolmentToken({ url, fingerprint, secret, endpointId }: EnrolmentToken): string {
  return Buffer.from(JSON.stringify({ url, fingerprint, secret, endpointId })).toString('base64url');
}

/** Reads a token; undefined where it is none. */
export function readEnrolmentToken(text: string): EnrolmentToken | undefined {
  if (text.length > longest || !/^[\w-]+$/.test(text)) return undefined;
  let read: Partial<Record<keyof EnrolmentToken, unknown>>;
  try {
    read = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) ?? {};
  } catch {
    return undefined;
  }
  const { url, fingerprint, secret, endpointId } = read;
  if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).protocol !== 'https:') return undefined;
  if (typeof fingerprint !== 'string' || !/^[0-9a-f]{64}$/.test(fingerprint)) return undefined;
  if (typeof secret !== 'string' || secret === '' || typeof endpointId !== 'string' || endpointId === '')
    return undefined;
  return { url, fingerprint, secret, endpointId };
}

/** The fingerprint by which a token names a CA certificate, given in PEM. */
export function fingerprintOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
}
