import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Clock, type Instant, wait } from '@sluice/model';
import { certificateRequest } from './certificate-request.ts';
import type { HeldIdentity } from './held-identity.ts';
import { type Identity, readSubject, writeIdentity } from './identity.ts';
import { newKey } from './key.ts';
import { validityOf } from './validity.ts';

/** What happens to a certificate and who is told; a logger fits. */
export interface StandingLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What is kept renewed, and where from. */
export interface RenewalOptions {
  readonly held: HeldIdentity;
  /** Its identity directory. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: StandingLog;
  /** Has a certificate request (PEM) signed; rejects where that is refused or nobody answers. */
  renew(requestPem: string, signal: AbortSignal): Promise<string>;
}

/** When a certificate is to be renewed: two thirds of its lifetime after it was issued. */
export function renewalDue(certPem: string): Instant {
  const { issuedAt, until } = validityOf(new X509Certificate(certPem));
  return issuedAt + ((until - issuedAt) * 2) / 3;
}

const shortestWaitMs = 1_000;
const longestWaitMs = 3_600_000;

/**
 * Renews an identity with a new key whenever that is due, until the signal aborts; never rejects. After a failure it
 * tries again, several times before the certificate ends, and goes on when it has ended: it can be renewed no more
 * then, but a new one may be put into the directory of a part that is started again.
 */
export async function keepRenewed(options: RenewalOptions, signal: AbortSignal): Promise<void> {
  const { held, clock, log } = options;
  while (!signal.aborted) {
    await until(clock, renewalDue(held.certPem), signal);
    if (signal.aborted) return;
    try {
      const identity = await renewed(options, signal);
      await writeIdentity(options.directory, identity);
      held.replace(identity);
      const { until: end } = validityOf(new X509Certificate(identity.certPem));
      log.info({ endpointId: held.endpointId, until: new Date(end).toISOString() }, 'certificate renewed');
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ endpointId: held.endpointId, error: messageOf(error) }, 'certificate not renewed');
      const left = validityOf(new X509Certificate(held.certPem)).until - clock.now();
      await wait(clock, Math.min(longestWaitMs, Math.max(shortestWaitMs, left / 8)), signal);
    }
  }
}

async function renewed({ held, renew }: RenewalOptions, signal: AbortSignal): Promise<Identity> {
  const { endpointId, role, caPem } = held;
  const keyPem = await newKey();
  const certPem = await renew(await certificateRequest(keyPem, endpointId), signal);
  return checkedIdentity({ endpointId, role, caPem, certPem, keyPem });
}

/** The identity whose certificate was received, if it is that; throws an Error that says what is wrong with it. */
export function checkedIdentity(identity: Identity): Identity {
  const certificate = new X509Certificate(identity.certPem);
  const named = readSubject(certificate);
  if (named?.endpointId !== identity.endpointId || named.role !== identity.role)
    throw new Error(`the certificate received is not for ${identity.endpointId} (${identity.role})`);
  if (!certificate.checkPrivateKey(createPrivateKey(identity.keyPem)))
    throw new Error('the certificate received is for another key');
  if (!certificate.verify(new X509Certificate(identity.caPem).publicKey))
    throw new Error("the certificate received is not the deployment authority's");
  return identity;
}

/** A wait may end early: a machine's timers hold no month. */
async function until(clock: Clock, instant: Instant, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.now() < instant) await wait(clock, instant - clock.now(), signal);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
