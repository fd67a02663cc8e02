import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Identity, readSubject } from '@sluice/identity';
import { CompactSign, compactVerify } from 'jose';
import { z } from 'zod';

/**
 * Why a position was signed: so many lines or seconds after the last time (`lines`, `time`), before the next file begins
 * (`rotation`), at the end (`closing`), at the beginning of a log or of its continuation (`begun`).
 */
export const sealReasons = ['lines', 'time', 'rotation', 'closing', 'begun'] as const;

const sealSchema = z.strictObject({
  /** The log's own name, made at its beginning. */
  log: z.string().min(1).max(64),
  /** A line that stands in it. */
  seq: z.number().int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** ISO 8601. */
  at: z.string().max(32),
  why: z.enum(sealReasons),
});

/** What is signed: at that moment the log had come to that line. */
export type Seal = z.infer<typeof sealSchema>;

/** Who signed. */
export interface Signer {
  readonly endpointId: string;
  readonly role: string;
  /** The certificate of its key, already judged. */
  readonly certificate: X509Certificate;
}

/** Says why a certificate does not count; undefined where it does. */
export type Trust = (certificate: X509Certificate) => string | undefined;

/** What the protected header says (RFC 7515 4.1.9): no token of another use passes for a seal. */
const sealType = 'sluice-audit+jws';
const mostTokenLength = 8 * 1024;

const headerSchema = z.strictObject({
  alg: z.literal('ES256'),
  typ: z.literal(sealType),
  x5c: z.tuple([z.string().max(4_096)]),
});

/** Signs with the key of an identity: compact JWS (RFC 7515), ES256, its certificate in `x5c`. */
export async function seal(what: Seal, { certPem, keyPem }: Pick<Identity, 'certPem' | 'keyPem'>): Promise<string> {
  const x5c = new X509Certificate(certPem).raw.toString('base64');
  return new CompactSign(new TextEncoder().encode(JSON.stringify(what)))
    .setProtectedHeader({ alg: 'ES256', typ: sealType, x5c: [x5c] })
    .sign(createPrivateKey(keyPem));
}

/** What was signed and by whom, or what is wrong with it. */
export async function readSeal(
  token: string,
  trust: Trust,
): Promise<{ readonly seal: Seal; readonly signer: Signer } | { readonly problem: string }> {
  const [, head, , signature] =
    token.length <= mostTokenLength ? (/^([\w-]+)\.([\w-]+)\.([\w-]{86})$/.exec(token) ?? []) : [];
  if (head === undefined || signature === undefined) return { problem: 'is no compact ES256 JWS' };
  // Two texts may stand for the same bytes: the canonical one counts (RFC 4648 3.5).
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature)
    return { problem: 'has a signature that is not written as it should be' };
  const header = headerSchema.safeParse(parsed(Buffer.from(head, 'base64url'))).data;
  const certificate = header && certificateOf(header.x5c[0]);
  if (!certificate) return { problem: 'names no certificate' };
  const subject = readSubject(certificate);
  if (!subject) return { problem: 'is signed with a certificate that names no endpoint id and role' };
  const distrust = trust(certificate);
  if (distrust !== undefined) return { problem: `is signed with a certificate that ${distrust}` };
  const payload = await verified(token, certificate);
  if (!payload) return { problem: 'has a signature that does not fit' };
  const read = sealSchema.safeParse(parsed(payload)).data;
  return read ? { seal: read, signer: { ...subject, certificate } } : { problem: 'says something that cannot be read' };
}

async function verified(token: string, { publicKey }: X509Certificate): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, publicKey, { algorithms: ['ES256'] })).payload;
  } catch {
    return undefined;
  }
}

function certificateOf(base64: string): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
