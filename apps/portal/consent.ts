import type { ContentRequestBody, SessionRequest } from '@sluice/api';
import { type ConsentClaims, checkConsent, thumbprintOf } from '@sluice/consent';
import { type Instant, type Refusal, refuse, transportOf } from '@sluice/model';
import type { Caller } from './caller.ts';

type Asked = Pick<ContentRequestBody, 'requestId' | 'contentId' | 'consent'>;
type AskedStream = Pick<SessionRequest['streams'][number], 'id' | 'streamType' | 'localPort'>;

/**
 * Refuses early what the gateway would refuse: a consent that is not for this portal and this request, or not signed
 * with the key of the certificate that asks. One without consent goes on: whether it opens, the gateway decides.
 */
export function judgeConsent(
  portalId: string,
  caller: Caller,
  body: Asked,
  streams: readonly AskedStream[],
  now: Instant,
): Refusal | undefined {
  if (body.consent === undefined) return undefined;
  const key = caller.certificate?.publicKey;
  const kid = key && thumbprintOf(key);
  const keys = new Map(kid === undefined || key === undefined ? [] : [[kid, { applianceId: caller.endpointId, key }]]);
  const checked = checkConsent(body.consent, { keys, portals: [portalId], now });
  if (!('claims' in checked)) return checked;
  return agrees(checked.claims, body, streams)
    ? undefined
    : refuse('consent-elsewhere', 'the request is not the one that its signature covers');
}

function agrees(claims: ConsentClaims, body: Asked, streams: readonly AskedStream[]): boolean {
  if (claims.jti !== body.requestId || claims.content !== body.contentId) return false;
  if (claims.ports.length !== streams.length) return false;
  return streams.every(({ id, streamType, localPort }) =>
    claims.ports.some(
      (signed) => signed.id === id && signed.port === localPort && signed.transport === transportOf(streamType),
    ),
  );
}
