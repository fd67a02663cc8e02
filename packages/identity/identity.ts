import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRole, type Role } from './role.ts';

/** Who a part is, and how it proves it. */
export interface Identity {
  /** USP endpoint id (TR-369 2.2), `self::portal-1`. */
  readonly endpointId: string;
  readonly role: Role;
  /** The deployment's CA certificate. */
  readonly caPem: string;
  readonly certPem: string;
  /** PKCS #8. Never logged. */
  readonly keyPem: string;
}

/** How an endpoint id stands in a certificate's subjectAltName (TR-369 R-ARC.4). */
export const endpointUrn = 'urn:bbf:usp:id:';

/** Writes `ca.pem`, `cert.pem` and `key.pem` (mode 0600) into `directory`, each whole or not at all. */
export async function writeIdentity(directory: string, identity: Identity): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(join(directory, 'ca.pem'), identity.caPem, 0o644);
  await replaceFile(join(directory, 'key.pem'), identity.keyPem, 0o600);
  await replaceFile(join(directory, 'cert.pem'), identity.certPem, 0o644);
}

/** Reads what {@link writeIdentity} wrote. Throws an Error that names the file and what to do. */
export async function readIdentity(directory: string): Promise<Identity> {
  const [caPem, certPem, keyPem] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readPem(directory, name)),
  );
  const named = certPem === undefined ? undefined : readSubject(new X509Certificate(certPem));
  if (!named || caPem === undefined || certPem === undefined || keyPem === undefined) {
    throw new Error(`${directory}: cert.pem names no endpoint id and role; have the operator issue it again`);
  }
  return { ...named, caPem, certPem, keyPem };
}

/** The endpoint id and role in a certificate that is already trusted; undefined if it names none, or several. */
export function readSubject(certificate: X509Certificate): { endpointId: string; role: Role } | undefined {
  const role = /(?:^|\n)OU=([^\n]+)/.exec(certificate.subject)?.[1];
  // Names with a comma or a quote come JSON-quoted; endpoint ids have neither, so those never match.
  const urns = (certificate.subjectAltName ?? '').split(', ').filter((name) => name.startsWith(`URI:${endpointUrn}`));
  const endpointId = urns[0]?.slice(`URI:${endpointUrn}`.length);
  if (urns.length !== 1 || !endpointId || role === undefined || !isRole(role)) return undefined;
  return { endpointId, role };
}

/** Writes a file so that a reader sees the old content or the new, never a part. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, content, { mode });
  await rename(draft, path);
}

async function readPem(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot read ${path} (${reason}); an identity directory holds ca.pem, cert.pem and key.pem`);
  }
}
