import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { certificateRequest, readCertificateRequest } from './certificate-request.ts';
import { endpointUrn, type Identity, replaceFile } from './identity.ts';
import { keyAlgorithm, keyPair, newKey } from './key.ts';
import type { Role } from './role.ts';

/** Whom a certificate is for. */
export interface CertificateSubject {
  readonly endpointId: string;
  readonly role: Role;
  /** DNS names and IP addresses that its holder serves under. */
  readonly names?: readonly string[];
  /** How long it is good for, default {@link shortLifetimeSeconds}. */
  readonly lifetimeSeconds?: number;
}

/** A deployment's certificate authority. */
export interface Authority {
  readonly caPem: string;
  /**
   * The certificate, in PEM, for the key of a certificate request that proves its possession. Throws
   * `UnusableCertificateRequest`.
   */
  sign(requestPem: string, subject: CertificateSubject): Promise<string>;
  /** Makes a key and its certificate, for who cannot make a request. `days` 1..825, default 30. */
  issue(subject: Omit<CertificateSubject, 'lifetimeSeconds'> & { days?: number }): Promise<Identity>;
}

/** A day: what is renewed by itself need not be good for long. */
export const shortLifetimeSeconds = 86_400;

const daySeconds = 86_400;
/** A machine whose clock is a little behind must not refuse what was issued just now: certificates begin so much earlier. */
export const backdatedMs = 300_000;

/** Opens the authority kept in `directory` (`ca.pem`, `ca-key.pem` mode 0600), making it at first use. */
export async function openAuthority(directory: string, now: () => number = Date.now): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const { caPem, keyPem } = await readAuthority(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return makeAuthority(directory, now());
  });
  const ca = new x509.X509Certificate(caPem);
  const { privateKey: signingKey } = await keyPair(keyPem);

  const sign: Authority['sign'] = async (requestPem, subject) => {
    const { endpointId, role, names = [], lifetimeSeconds = shortLifetimeSeconds } = subject;
    const publicKey = await readCertificateRequest(requestPem, endpointId);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: [{ CN: [endpointId] }, { OU: [role] }],
      issuer: ca.subject,
      notBefore: new Date(now() - backdatedMs),
      notAfter: new Date(now() + lifetimeSeconds * 1_000),
      signingAlgorithm: keyAlgorithm,
      publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: `${endpointUrn}${endpointId}` },
          ...names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ],
    });
    return `${certificate.toString('pem')}\n`;
  };
  return {
    caPem,
    sign,
    async issue({ days = 30, ...subject }) {
      const { endpointId, role } = subject;
      const ownKeyPem = await newKey();
      const request = await certificateRequest(ownKeyPem, endpointId);
      const certPem = await sign(request, { ...subject, lifetimeSeconds: days * daySeconds });
      return { endpointId, role, caPem, certPem, keyPem: ownKeyPem };
    },
  };
}

interface AuthorityFiles {
  readonly caPem: string;
  readonly keyPem: string;
}

async function readAuthority(directory: string): Promise<AuthorityFiles> {
  const keyPem = await readFile(join(directory, 'ca-key.pem'), 'utf8');
  return { keyPem, caPem: await readFile(join(directory, 'ca.pem'), 'utf8') };
}

async function makeAuthority(directory: string, now: number): Promise<AuthorityFiles> {
  const keyPem = await newKey();
  const keys = await keyPair(keyPem);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: 'CN=Sluice deployment authority',
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + 3650 * daySeconds * 1_000),
    signingAlgorithm: keyAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const caPem = `${certificate.toString('pem')}\n`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(join(directory, 'ca-key.pem'), keyPem, 0o600);
  await replaceFile(join(directory, 'ca.pem'), caPem, 0o644);
  return { caPem, keyPem };
}

/** RFC 5280 4.1.2.2: positive and unpredictable. */
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
