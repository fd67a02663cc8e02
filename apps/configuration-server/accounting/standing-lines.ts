import { X509Certificate } from 'node:crypto';
import type { Answer } from '@sluice/api';
import type { Audit } from '@sluice/audit';
import type { Certified, Registrar } from '../standing/registrar.ts';

/** A registrar that accounts for each certificate that it makes, and each that it revokes. */
export function accountedRegistrar(registrar: Registrar, audit: Audit): Registrar {
  const told = (how: 'enrolment' | 'renewal', answer: Answer<Certified>): Answer<Certified> => {
    if (answer.kind === 'granted') {
      const { endpointId, role, certificate } = answer.value;
      const { serialNumber, validTo, fingerprint256 } = new X509Certificate(certificate);
      const until = new Date(validTo).toISOString();
      audit.note('identity-issued', { endpoint: endpointId, role, how, serial: serialNumber, until, fingerprint256 });
    }
    return answer;
  };
  return {
    ...registrar,
    enrol: async (endpointId, secret, request) => told('enrolment', await registrar.enrol(endpointId, secret, request)),
    renew: async (holder, request) => told('renewal', await registrar.renew(holder, request)),
    async revoke(endpointId, serialNumber) {
      const revocation = await registrar.revoke(endpointId, serialNumber);
      audit.note('identity-revoked', {
        endpoint: endpointId,
        ...(serialNumber !== undefined && { serial: serialNumber }),
      });
      return revocation;
    },
  };
}
