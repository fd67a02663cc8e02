import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { keyAlgorithm, keyPair } from './key.ts';

/** Tell whoever asked: what came is no request for a certificate, or is not theirs to make. */
export class UnusableCertificateRequest extends Error {
  override readonly name = 'UnusableCertificateRequest';
}

/** Longest request taken, in characters of PEM. */
export const longestCertificateRequest = 8_192;

/** A certificate request (PKCS #10, RFC 2986) in PEM for `endpointId`, signed with the key that it is for. */
export async function certificateRequest(keyPem: string, endpointId: string): Promise<string> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [endpointId] }],
    keys: await keyPair(keyPem),
    signingAlgorithm: keyAlgorithm,
  });
  return `${request.toString('pem')}\n`;
}

/**
 * The public key of a certificate request that proves possession of its private key and names `endpointId`. Throws
 * {@link UnusableCertificateRequest}.
 */
export async function readCertificateRequest(requestPem: string, endpointId: string): Promise<x509.PublicKey> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const { request, publicKey } = parsed(requestPem);
  const algorithm = publicKey.algorithm as { name: string; namedCurve?: string };
  if (algorithm.name !== keyAlgorithm.name || algorithm.namedCurve !== keyAlgorithm.namedCurve)
    throw new UnusableCertificateRequest('the key of the certificate request is not EC P-256');
  if (!(await request.verify().catch(() => false)))
    throw new UnusableCertificateRequest('the certificate request is not signed with its own key');
  const names = request.subjectName.getField('CN');
  if (names.length !== 1 || names[0] !== endpointId)
    throw new UnusableCertificateRequest(`the certificate request does not name ${endpointId}`);
  return publicKey;
}

function parsed(requestPem: string): { request: x509.Pkcs10CertificateRequest; publicKey: x509.PublicKey } {
  if (requestPem.length > longestCertificateRequest)
    throw new UnusableCertificateRequest('the certificate request is too long');
  try {
    const request = new x509.Pkcs10CertificateRequest(requestPem);
    // The key is read when it is asked for, and may be none.
    return { request, publicKey: request.publicKey };
  } catch (error) {
    throw new UnusableCertificateRequest('this is no certificate request (PKCS #10 in PEM)', { cause: error });
  }
}
