import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIpAddress } from '@sluice/model';
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

const fileNames = ['ca.pem', 'cert.pem', 'key.pem'] as const;
/** Holds a whole identity while its files are being replaced one after the other. */
const draftName = 'next.json';

/**
 * Writes `ca.pem`, `cert.pem` and `key.pem` (mode 0600) into `directory`: whoever reads them with {@link readIdentity}
 * sees the identity that was there or the new one, also after a power cut in between.
 */
export async function writeIdentity(directory: string, identity: Identity): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { caPem, certPem, keyPem } = identity;
  await replaceFile(join(directory, draftName), JSON.stringify({ caPem, certPem, keyPem }), 0o600);
  await replaceFile(join(directory, 'ca.pem'), caPem, 0o644);
  await replaceFile(join(directory, 'key.pem'), keyPem, 0o600);
  await replaceFile(join(directory, 'cert.pem'), certPem, 0o644);
  await rm(join(directory, draftName), { force: true });
}

/** Reads what {@link writeIdentity} wrote. Throws an Error that names the file and what to do. */
export async function readIdentity(directory: string): Promise<Identity> {
  const { caPem, certPem, keyPem } = (await readDraft(directory)) ?? (await readFiles(directory));
  const certificate = new X509Certificate(certPem);
  const named = readSubject(certificate);
  if (!named) throw new Error(`${directory}: cert.pem names no endpoint id and role; have the operator issue it again`);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error(`${directory}: key.pem is not the key of cert.pem; enrol again`);
  return { ...named, caPem, certPem, keyPem };
}

/** The endpoint id and role in a certificate that is already trusted; undefined if it names none, or several. */
export function readSubject(certificate: X509Certificate): { endpointId: string; role: Role } | undefined {
  // Node escapes line ends inside of values, so each line is a name of its own.
  const units = (certificate.subject ?? '').split('\n').filter((line) => line.startsWith('OU='));
  const role = units.length === 1 ? units[0]?.slice('OU='.length) : undefined;
  // Names with a comma, a quote or a control character come JSON-quoted, commas escaped. No endpoint id has any of
  // these, but such a name counts as one more.
  const urns = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith(`URI:${endpointUrn}`) || name.startsWith(`URI:"${endpointUrn}`));
  const endpointId = urns[0]?.slice(`URI:${endpointUrn}`.length);
  if (urns.length !== 1 || !endpointId || urns[0]?.startsWith('URI:"') || role === undefined || !isRole(role))
    return undefined;
  return { endpointId, role };
}

/** The DNS names and IP addresses that a certificate's holder serves under. */
export function servedNames(certificate: X509Certificate): readonly string[] {
  return (certificate.subjectAltName ?? '').split(', ').flatMap((name) => {
    const match = /^(?:DNS|IP Address):([^"]+)$/.exec(name);
    return match?.[1] === undefined ? [] : [parseIpAddress(match[1]) ?? match[1]];
  });
}

/** Writes a file so that a reader sees the old content or the new, never a part. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await using file = await open(draft, 'w', mode);
  await file.writeFile(content);
  await file.sync();
  await rename(draft, path);
}

type IdentityFiles = Pick<Identity, 'caPem' | 'certPem' | 'keyPem'>;

async function readDraft(directory: string): Promise<IdentityFiles | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, draftName), 'utf8')) as IdentityFiles;
  } catch {
    return undefined;
  }
}

async function readFiles(directory: string): Promise<IdentityFiles> {
  const [caPem, certPem, keyPem] = await Promise.all(fileNames.map((name) => readPem(directory, name)));
  return { caPem, certPem, keyPem } as IdentityFiles;
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
