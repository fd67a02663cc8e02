import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Answer } from '@sluice/api';
import type { StandingStore } from '@sluice/control';
import {
  type Authority,
  encodeEnrolmentToken,
  fingerprintOf,
  isRole,
  type Revocation,
  type Revocations,
  type Role,
  UnusableCertificateRequest,
} from '@sluice/identity';
import { type Clock, type Instant, type Refusal, refuse } from '@sluice/model';

/** Whom a certificate is for. */
export interface Holder {
  readonly endpointId: string;
  readonly role: Role;
  readonly names: readonly string[];
}

/** A certificate in PEM, and who it is for. */
export interface Certified {
  readonly endpointId: string;
  readonly role: Role;
  readonly certificate: string;
}

/** Where certificates are made and revoked. */
export interface Registrar {
  /** Lets a part enrol at `url`, once, until then. */
  allow(
    holder: Holder,
    url: string,
    validSeconds: number,
  ): Promise<Answer<{ endpointId: string; token: string; expiresAt: Instant }>>;
  enrol(endpointId: string, secret: string, request: string): Promise<Answer<Certified>>;
  renew(holder: Holder, request: string): Promise<Answer<Certified>>;
  /** Nothing that the endpoint has counts any more; with a serial number, that certificate alone. */
  revoke(endpointId: string, serialNumber?: string): Promise<Revocation>;
  revocationsAfter(sequence: number): Promise<readonly Revocation[]>;
  /** Those after `sequence`, and those to come until the signal aborts. */
  follow(sequence: number, signal: AbortSignal): AsyncIterable<Revocation>;
}

/** What a registrar stands on. */
export interface RegistrarPorts {
  readonly store: StandingStore;
  /** Undefined where this server holds none: then nobody is certified here. */
  readonly authority: Authority | undefined;
  readonly revocations: Revocations;
  readonly clock: Clock;
  /** Of the certificates made here. */
  readonly lifetimeSeconds: number;
}

/** Opens the registrar; what was revoked before counts from now on. */
export async function openRegistrar(ports: RegistrarPorts): Promise<Registrar> {
  const { store, authority, revocations, clock, lifetimeSeconds } = ports;
  for (const revocation of await store.revocations(0)) revocations.add(revocation);

  async function certify({ endpointId, role, names }: Holder, request: string): Promise<Answer<Certified>> {
    if (!authority) return refused(refuse('enrolment-refused', 'this server holds no certificate authority'));
    try {
      const certificate = await authority.sign(request, { endpointId, role, names, lifetimeSeconds });
      return { kind: 'granted', value: { endpointId, role, certificate } };
    } catch (error) {
      if (!(error instanceof UnusableCertificateRequest)) throw error;
      return refused(refuse('malformed', error.message, endpointId));
    }
  }

  return {
    async allow(holder, url, validSeconds) {
      if (!authority) return refused(refuse('enrolment-refused', 'this server holds no certificate authority'));
      const secret = randomBytes(24).toString('base64url');
      const { endpointId, role, names } = holder;
      const expiresAt = clock.now() + validSeconds * 1_000;
      await store.putEnrolment({ endpointId, role, names, secretHash: hashOf(secret), expiresAt });
      const token = encodeEnrolmentToken({ url, fingerprint: fingerprintOf(authority.caPem), secret, endpointId });
      return { kind: 'granted', value: { endpointId, token, expiresAt } };
    },

    async enrol(endpointId, secret, request) {
      const enrolment = await store.enrolment(endpointId);
      const given = hashOf(secret);
      // Compared in constant time, also with nothing: how long it takes tells nobody what there is.
      const expected = enrolment?.secretHash ?? hashOf('');
      const fits = timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(expected, 'hex'));
      if (!enrolment || !fits || clock.now() >= enrolment.expiresAt || !isRole(enrolment.role)) return notEnrolled;
      // A request that cannot be signed does not use the token up; two good ones at once use it once.
      const { role, names } = enrolment;
      const certified = await certify({ endpointId, role, names }, request);
      if (certified.kind === 'refused') return certified;
      return (await store.takeEnrolment(endpointId, given)) ? certified : notEnrolled;
    },

    renew: certify,

    async revoke(endpointId, serialNumber) {
      const revocation = await store.addRevocation({
        at: clock.now(),
        endpointId,
        ...(serialNumber !== undefined && { serialNumber }),
      });
      revocations.add(revocation);
      return revocation;
    },

    revocationsAfter: (sequence) => store.revocations(sequence),

    async *follow(sequence, signal) {
      let last = sequence;
      while (!signal.aborted) {
        const news = Promise.withResolvers<void>();
        const cancel = revocations.observe(news.resolve);
        signal.addEventListener('abort', () => news.resolve(), { once: true });
        try {
          for (const revocation of await store.revocations(last)) {
            last = revocation.sequence;
            yield revocation;
          }
          if (!signal.aborted) await news.promise;
        } finally {
          cancel();
        }
      }
    },
  };
}

const notEnrolled = refused(
  refuse('enrolment-refused', 'the token was used, has expired or is unknown; have the operator make another'),
);

function refused(refusal: Refusal): Answer<never> {
  return { kind: 'refused', refusal };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
