import { X509Certificate } from 'node:crypto';
import { type Identity, type RemoteAuthority, servedNames } from '@sluice/identity';
import type { Registrar } from './registrar.ts';

/** The registrar as the server that runs it renews its own certificate there. */
export function ownAuthority(registrar: Registrar, identity: Identity): RemoteAuthority {
  return {
    async renew(request) {
      const names = servedNames(new X509Certificate(identity.certPem));
      const { endpointId, role } = identity;
      const answer = await registrar.renew({ endpointId, role, names }, request);
      if (answer.kind === 'granted') return answer.value.certificate;
      throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
    },
    revocations: (sequence, signal) => registrar.follow(sequence, signal),
  };
}
