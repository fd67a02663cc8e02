import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Cancel, type Clock, wait } from '@sluice/model';
import { HeldIdentity } from './held-identity.ts';
import { readIdentity } from './identity.ts';
import { PeerWatch } from './peer-watch.ts';
import { keepRenewed, type StandingLog } from './renewal.ts';
import { type Revocation, Revocations } from './revocations.ts';
import { serverTls } from './tls.ts';
import { validityOf } from './validity.ts';

/** The deployment's authority as its members reach it. */
export interface RemoteAuthority {
  /** Has a certificate request (PEM) signed for whoever asks; rejects where that is refused or nobody answers. */
  renew(requestPem: string, signal: AbortSignal): Promise<string>;
  /** Revocations after `sequence`, those to come too; ends or rejects where the connection does. */
  revocations(sequence: number, signal: AbortSignal): AsyncIterable<Revocation>;
}

/** A part's standing in its deployment: who it is, and who counts among the others. */
export interface Membership extends Disposable {
  /** Renewed while {@link follow} is under way. */
  readonly identity: HeldIdentity;
  readonly revocations: Revocations;
  readonly watch: PeerWatch;
  /**
   * Has an HTTPS server let in only who counts, and show the certificate of the day: connections go on over a
   * renewal, and one that was made before it ends with the answer to its next request. To be called before it serves.
   */
  secure(server: Server): void;
  /** Whether a certificate that somebody else saw is of this deployment, and counts now. */
  counts(certificate: X509Certificate): boolean;
  /** Renews the identity and takes in revocations until the signal aborts. Never rejects. */
  follow(authority: RemoteAuthority, signal: AbortSignal): Promise<void>;
}

/** Where a part keeps its identity. */
export interface MembershipOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: StandingLog;
}

const longestPauseMs = 30_000;

/** Reads a part's identity, and takes its place. Throws where the identity cannot be read. */
export async function joinDeployment({ directory, clock, log }: MembershipOptions): Promise<Membership> {
  const identity = new HeldIdentity(await readIdentity(directory));
  const revocations = new Revocations();
  const watch = new PeerWatch(revocations, clock);
  const stops = new Set<Cancel>();
  return {
    identity,
    revocations,
    watch,
    secure(server) {
      watch.guard(server);
      let generation = 0;
      const made = new WeakMap<object, number>();
      server.prependListener('secureConnection', (socket: TLSSocket) => void made.set(socket, generation));
      server.prependListener('request', (request, response) => {
        if (made.get(request.socket) !== generation) response.setHeader('connection', 'close');
      });
      const stop = identity.observe(() => {
        generation++;
        server.setSecureContext(serverTls(identity));
      });
      stops.add(stop);
      server.once('close', () => {
        stop();
        stops.delete(stop);
      });
    },
    counts(certificate) {
      const authority = new X509Certificate(identity.caPem);
      if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) return false;
      const { from, until } = validityOf(certificate);
      const now = clock.now();
      return now >= from && now < until && !revocations.has(certificate);
    },
    async follow(authority, signal) {
      await Promise.all([
        keepRenewed({ held: identity, directory, clock, log, renew: authority.renew }, signal),
        followRevocations(revocations, authority, { clock, log }, signal),
      ]);
    },
    [Symbol.dispose]() {
      for (const stop of stops) stop();
      watch[Symbol.dispose]();
    },
  };
}

/** Takes in what is revoked until the signal aborts; where the stream ends it is asked for again, from the last one known. */
async function followRevocations(
  revocations: Revocations,
  authority: RemoteAuthority,
  { clock, log }: Omit<MembershipOptions, 'directory'>,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const revocation of authority.revocations(revocations.last, signal)) {
        failures = 0;
        log.info(revocation, 'revoked');
        revocations.add(revocation);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) log.warn({ error: String(error) }, 'revocations are not followed');
    }
    await wait(clock, Math.min(longestPauseMs, 250 * 2 ** Math.min(failures++, 10)), signal);
  }
}
