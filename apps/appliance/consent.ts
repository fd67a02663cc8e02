import { type Answer, ask, introductionAnswer, introductionPort } from '@sluice/api';
import { type SignedPort, type SigningKey, signConsent, signingKey } from '@sluice/consent';
import { clientTls, type Identity, peerIdentity } from '@sluice/identity';
import { httpsPeer } from '@sluice/io';
import { type Clock, familyOf, type Instant } from '@sluice/model';
import { defaultGateway } from './io/default-gateway.ts';

/** What this device is about to ask for. */
export interface ConsentWish {
  readonly requestId: string;
  readonly contentId: string;
  readonly ports: readonly SignedPort[];
}

/** This device's word for its gateway. */
export interface Consenting {
  /**
   * A request is near: this device introduces itself meanwhile, where it has not. Resolves to whether the gateway knows it.
   */
  begin(): Promise<boolean>;
  /** The gateway runs our agent, and knows this device. */
  readonly introduced: boolean;
  /** The signature over a request to a portal; undefined where this device has no key to sign with. */
  sign(wish: ConsentWish, portalId: string, signal: AbortSignal): Promise<string | undefined>;
  /** The gateway did not know this device: it is told again before the next request. */
  doubt(): void;
}

/** What a device's word stands on. */
export interface ConsentGround {
  readonly identity: Identity;
  /** `https://host:port` of the gateway's introductions; left out, port 8447 of the default gateway. */
  readonly gateway?: string | undefined;
  readonly clock: Clock;
}

/** A session lasts twelve hours at most; a little more, so that its last renewal does not fail by a second. */
const mostSessionMs = 13 * 3_600_000;
/** Longest wait for a gateway to answer, and wait before one that did not is tried again, ms. */
const introductionMs = 1_000;
const againMs = 60_000;

/** Signs with the key of this device's certificate, and shows it to the gateway before the first request. */
export function openConsenting({ identity, gateway, clock }: ConsentGround): Consenting {
  let introduced = false;
  let triedAt: Instant | undefined;
  let held: { readonly keyPem: string; readonly signing: SigningKey | undefined } | undefined;
  // A renewed certificate may have another key.
  const signingNow = (): SigningKey | undefined => {
    if (held?.keyPem !== identity.keyPem) {
      introduced = false;
      triedAt = undefined;
      held = { keyPem: identity.keyPem, signing: readKey(identity) };
    }
    return held.signing;
  };

  let introducing: Promise<void> | undefined;

  const introduceNow = async (): Promise<void> => {
    if (introduced || (triedAt !== undefined && clock.now() - triedAt < againMs)) return;
    triedAt = clock.now();
    const origin = gateway ?? (await originOfDefaultGateway());
    if (origin === undefined) return;
    introduced = (await introduce(origin, identity, clock)).kind === 'granted';
  };
  // Bounded in time, and of use to whoever asks next: it outlives the request that began it.
  const introduceOnce = (): Promise<void> => {
    introducing ??= introduceNow().finally(() => {
      introducing = undefined;
    });
    return introducing;
  };

  return {
    get introduced() {
      return introduced;
    },
    async begin() {
      if (signingNow()) await introduceOnce().catch(() => {});
      return introduced;
    },
    async sign(wish, portalId, signal) {
      const signing = signingNow();
      if (!signing) return undefined;
      // Where the gateway does not answer, it may know this device already, or not ask for a signature.
      await introduceOnce();
      signal.throwIfAborted();
      const now = clock.now();
      return signConsent(
        { ...wish, applianceId: identity.endpointId, portalId, now, end: now + mostSessionMs },
        signing,
      );
    },
    doubt() {
      introduced = false;
      triedAt = undefined;
    },
  };
}

/** Shows this device's key to a gateway. Whatever gateway of the deployment is there may know it: it is no secret. */
async function introduce(origin: string, identity: Identity, clock: Clock): Promise<Answer<unknown>> {
  // Its certificate names it, not the address that it happens to have in this home.
  const tls = { ...clientTls(identity), checkServerIdentity: () => undefined };
  const accepts = (socket: Parameters<typeof peerIdentity>[0]) => peerIdentity(socket)?.role === 'gateway';
  await using peer = httpsPeer({ origin, tls, accepts, connections: 1 });
  const question = { method: 'POST', path: '/v1/introductions', json: {}, mostMs: introductionMs } as const;
  return await ask({ name: 'gateway', peer, clock }, introductionAnswer, question, new AbortController().signal);
}

async function originOfDefaultGateway(): Promise<string | undefined> {
  const address = defaultGateway();
  if (address === undefined) return undefined;
  return `https://${familyOf(address) === 6 ? `[${address}]` : address}:${introductionPort}`;
}

function readKey({ keyPem }: Identity): SigningKey | undefined {
  try {
    return signingKey(keyPem);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
