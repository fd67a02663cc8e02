import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '@sluice/identity';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An OpenID provider on loopback, over TLS of an authority of its own. */
export interface OpenIdIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly caPem: string;
  /** File with {@link caPem}. */
  readonly caFile: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What the issuer says that it is; by default what it is. */
  says: string;
  /** A token that is good for five minutes from `now`, unless its claims say otherwise. */
  token(
    now: number,
    claims?: Readonly<Record<string, unknown>>,
    key?: { key: CryptoKey | Uint8Array; alg: string; kid?: string },
  ): Promise<string>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function openIdIssuer(): Promise<OpenIdIssuer> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-issuer-'));
  const authority = await openAuthority(join(directory, 'authority'));
  const { certPem, keyPem, caPem } = await authority.issue({
    endpointId: 'self::issuer',
    role: 'auditor',
    names: ['127.0.0.1'],
  });
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, caPem);
  const own = { kid: 'key-1', ...(await generateKeyPair('ES256', { extractable: true })) };
  const asked: string[] = [];
  const server: Server = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path === '/realm/.well-known/openid-configuration')
      response.end(JSON.stringify({ issuer: made.says, jwks_uri: `${made.issuer}/keys` }));
    else if (path === '/realm/keys') {
      response.end(JSON.stringify({ keys: [{ ...(await exportJWK(own.publicKey)), kid: own.kid }] }));
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}/realm`;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const made: OpenIdIssuer = {
    issuer,
    says: issuer,
    caPem,
    caFile,
    asked,
    stop,
    token(now, claims = {}, key) {
      const { kid = own.kid, alg = 'ES256', key: signing = own.privateKey } = key ?? {};
      const seconds = Math.floor(now / 1_000);
      const payload = { iss: issuer, aud: 'sluice', sub: 'auth|17', iat: seconds, exp: seconds + 300, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(signing);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(directory, { recursive: true });
    },
  };
  return made;
}
