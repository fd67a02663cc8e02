import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { endpointUrn, type Identity, replaceFile } from './identity.ts';
import type { Role } from './role.ts';

/** A deployment's certificate authority. */
export interface Authority {
  readonly caPem: string;
  /**
   * Makes a key and its certificate. `names` are the DNS names and IP addresses that its holder serves under.
   * `days` 1..825, default 30.
   */
  issue(subject: { endpointId: string; role: Role; names?: readonly string[]; days?: number }): Promise<Identity>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;
// A machine whose clock is a little behind must not refuse what was issued just now.
const clockSkewMs = 300_000;

/** Opens the authority kept in `directory` (`ca.pem`, `ca-key.pem` mode 0600), making it at first use. */
export async function openAuthority(directory: string): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const caPath = join(directory, 'ca.pem');
  const keyPath = join(directory, 'ca-key.pem');
  let caPem: string;
  let caKey: CryptoKey;
  try {
    const keyPem = await readFile(keyPath, 'utf8');
    caPem = await readFile(caPath, 'utf8');
    caKey = await importKey(keyPem);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerial(),
      name: 'CN=Sluice deployment authority',
      notBefore: new Date(Date.now() - clockSkewMs),
      notAfter: new Date(Date.now() + 3650 * dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    caPem = `${certificate.toString('pem')}\n`;
    caKey = keys.privateKey;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await replaceFile(keyPath, await exportKey(keys.privateKey), 0o600);
    await replaceFile(caPath, caPem, 0o644);
  }
  const ca = new x509.X509Certificate(caPem);
  return {
    caPem,
    async issue({ endpointId, role, names = [], days = 30 }) {
      const keys = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: newSerial(),
        subject: [{ CN: [endpointId] }, { OU: [role] }],
        issuer: ca.subject,
        notBefore: new Date(Date.now() - clockSkewMs),
        notAfter: new Date(Date.now() + days * dayMs),
        signingAlgorithm: algorithm,
        publicKey: keys.publicKey,
        signingKey: caKey,
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
      return {
        endpointId,
        role,
        caPem,
        certPem: `${certificate.toString('pem')}\n`,
        keyPem: await exportKey(keys.privateKey),
      };
    },
  };
}

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}

/** RFC 5280 4.1.2.2: positive and unpredictable. */
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey),
    'PRIVATE KEY',
  ).concat('\n');
}

async function importKey(pem: string): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return (await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign'])) as CryptoKey;
}
