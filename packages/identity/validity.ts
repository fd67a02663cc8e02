import type { X509Certificate } from 'node:crypto';
import type { Instant } from '@sluice/model';
import { backdatedMs } from './authority.ts';

/** From when to when a certificate counts, and when it was issued. */
export interface Validity {
  readonly issuedAt: Instant;
  readonly from: Instant;
  readonly until: Instant;
}

/** The validity of a certificate of this deployment's authority, to the second. */
export function validityOf(certificate: X509Certificate): Validity {
  const from = certificate.validFromDate.getTime();
  return { from, until: certificate.validToDate.getTime(), issuedAt: from + backdatedMs };
}
