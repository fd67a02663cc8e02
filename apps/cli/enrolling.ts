import { ask, certificateView } from '@sluice/api';
import {
  certificateRequest,
  checkedIdentity,
  type Identity,
  newKey,
  peerIdentity,
  readEnrolmentToken,
  writeIdentity,
} from '@sluice/identity';
import { httpsPeer, readPinnedAuthority, systemClock } from '@sluice/io';

/**
 * Enrols with a token, and writes the identity into `directory`. The key is made here and stays here; nothing is said to
 * a server that is not of the deployment that the token names. Throws an Error that says what to do.
 */
export async function enrol(token: string, directory: string, signal: AbortSignal): Promise<Identity> {
  const read = readEnrolmentToken(token.trim());
  if (!read) throw new Error('this is no enrolment token; copy all of it, as `sluice enrol token` printed it');
  const { url, fingerprint, secret, endpointId } = read;
  const origin = new URL(url).origin;
  const caPem = await readPinnedAuthority(origin, fingerprint, signal);
  await using peer = httpsPeer({
    origin,
    tls: { ca: caPem, minVersion: 'TLSv1.3' },
    accepts: (socket) => peerIdentity(socket)?.role === 'configuration-server',
    connections: 1,
  });
  const keyPem = await newKey();
  const json = { endpointId, secret, certificateRequest: await certificateRequest(keyPem, endpointId) };
  const part = { name: `configuration server ${origin}`, peer, clock: systemClock };
  const question = { method: 'POST', path: '/v1/enrolments', json, mostMs: 15_000 } as const;
  const answer = await ask(part, certificateView, question, signal);
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
  const { role, certificate: certPem } = answer.value;
  const identity = checkedIdentity({ endpointId, role, caPem, certPem, keyPem });
  await writeIdentity(directory, identity);
  return identity;
}
