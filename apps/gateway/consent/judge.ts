import { type ConsentClaims, checkConsent, type SignedPort } from '@sluice/consent';
import {
  type Endpoint,
  familyOf,
  type Instant,
  type IpAddress,
  type IpProtocol,
  type Refusal,
  type RequestFlow,
  refuse,
} from '@sluice/model';
import type { Policy } from '../policy/policy.ts';
import { type Consent, unchecked } from './consent.ts';
import type { LearnedKey } from './learned-keys.ts';
import type { UsedTokens } from './used-tokens.ts';

/** What consent is judged by. */
export interface ConsentGround {
  readonly policy: Policy;
  readonly now: Instant;
  /** When this agent began: what was used before it does not know. */
  readonly since: Instant;
  readonly keys: { get(thumbprint: string): LearnedKey | undefined };
  readonly used: UsedTokens;
  /** The device whose request left in this flow, by the translation table. */
  sender(flow: RequestFlow): IpAddress | undefined;
  /** The hardware address under an address of the home, where it is known. */
  deviceOf(address: IpAddress): string | undefined;
}

/** What is to be opened, and what its controller brings for it. */
export interface Asked {
  readonly owner: string;
  readonly flow: RequestFlow | undefined;
  readonly token: string | undefined;
  readonly transport: IpProtocol;
  readonly local: Endpoint;
}

/** The consent of one message's openings: one request of one device. */
export interface MessageConsent {
  judge(asked: Asked): Consent | Refusal;
  /** What was signed, where it opened something: to be remembered when the message holds. */
  readonly signed: ConsentClaims | undefined;
}

interface Signed {
  readonly token: string;
  readonly claims: ConsentClaims;
  readonly key: LearnedKey;
  /** Each opens once. */
  readonly ports: Set<SignedPort>;
}

/** Begins to judge a message. Its signature is checked once, however many openings it has. */
export function beginConsent(ground: ConsentGround): MessageConsent {
  const { policy, now } = ground;
  const end = now + policy.longestConsentSeconds * 1_000;
  let signed: Signed | undefined;

  const signedBy = (token: string): Signed | Refusal => {
    if (signed) return signed.token === token ? signed : elsewhere('the openings of one message are of two requests');
    const checked = checkConsent(token, { keys: ground.keys, portals: policy.portalIds, now });
    if (!('claims' in checked)) return checked;
    const { claims, key } = checked;
    // Signed before this agent began, it may have been used before; the appliance asks again.
    if (claims.iat < Math.floor(ground.since / 1_000))
      return refuse('consent-expired', 'the request was signed before this gateway started; ask again');
    if (ground.used.has(claims.iss, claims.jti))
      return refuse('consent-replayed', `the request ${claims.jti} of ${claims.iss} has opened already; ask anew`);
    signed = { token, claims, key, ports: new Set(claims.ports) };
    return signed;
  };

  return {
    get signed() {
      return signed?.claims;
    },
    judge({ owner, flow, token, transport, local }) {
      if (policy.consent === 'off') return unchecked;
      if (!flow) return withoutRequest(policy, owner, token);
      const sender = ground.sender(flow);
      if (sender === undefined)
        return refuse('device-not-found', 'no device of this home has the flow that the request came in');
      if (!isSameDevice(sender, local.address, ground))
        return refuse('path-mismatch', `the request came from another device than ${local.address}`);
      if (token === undefined) {
        if (policy.consent === 'preferred') return { by: 'flow', end };
        return refuse('consent-missing', 'this gateway opens only what the device itself has signed');
      }
      const proof = signedBy(token);
      if ('code' in proof) return proof;
      const { claims, key, ports } = proof;
      const device = ground.deviceOf(sender);
      if (device === undefined)
        return refuse('device-not-found', `the hardware address of ${sender} is not known; ask again`);
      if (device !== key.device) return elsewhere(`${claims.iss} signed, but another device made the request`);
      const port = [...ports].find((each) => each.port === local.port && each.transport === transport);
      if (!port) return elsewhere(`${claims.iss} did not ask for ${transport} port ${local.port}`);
      ports.delete(port);
      return { by: 'signed', end: Math.min(claims.end * 1_000, end), applianceId: claims.iss };
    },
  };
}

/** Openings that no device asked for are a right of their own. */
function withoutRequest(policy: Policy, owner: string, token: string | undefined): Consent | Refusal {
  if (token !== undefined) return refuse('consent-missing', 'a signature counts with the flow of its request');
  const controller = policy.controllers?.find(({ endpointId }) => endpointId === owner);
  if (controller?.withoutRequest) return { by: 'operator', end: Number.POSITIVE_INFINITY };
  return refuse('consent-missing', 'no device asked for this: neither the flow of a request nor a signature is named');
}

/**
 * Within one IP version the address itself must be the one: hardware addresses may stand for several devices (a
 * repeater). Across versions the hardware address is the only tie.
 */
function isSameDevice(sender: IpAddress, target: IpAddress, { deviceOf }: ConsentGround): boolean {
  if (familyOf(sender) === familyOf(target)) return sender === target;
  const device = deviceOf(sender);
  return device !== undefined && device === deviceOf(target);
}

function elsewhere(what: string): Refusal {
  return refuse('consent-elsewhere', what);
}
