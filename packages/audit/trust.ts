import { X509Certificate } from 'node:crypto';
import type { Trust } from './seal.ts';

/** Trusts what one of these authorities (PEM, one or several) has issued. Throws where there is none in the text. */
export function trustIn(caPem: string): Trust {
  const blocks = caPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new RangeError('there is no certificate in it');
  const authorities = blocks.map((block) => new X509Certificate(block));
  return (certificate) =>
    authorities.some((ca) => ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey))
      ? undefined
      : 'the authority did not issue';
}

/** Trusts whoever signed: shows that a log fits together, not whose it is. */
export const trustAnyone: Trust = () => undefined;
