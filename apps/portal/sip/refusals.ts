import type { Refusal } from '@sluice/model';
import { responseTo, type SipRequest, type SipResponse } from '@sluice/wire/sip';
import { withTag } from './dialog.ts';

/** A refusal in SIP's words: status and reason (RFC 3261 21). */
export function statusOf({ code }: Refusal): [number, string] {
  switch (code) {
    case 'gateway-offline':
    case 'gateway-silent':
    case 'part-unreachable':
    case 'timeout':
    case 'ports-exhausted':
    case 'port-in-use':
    case 'rate-limited':
      return [503, 'Service Unavailable'];
    case 'appliance-unknown':
    case 'gateway-not-found':
      return [480, 'Temporarily Unavailable'];
    default:
      return [403, 'Forbidden'];
  }
}

/** The portal's own last word to an INVITE; a refusal's code and sentence go along for whoever looks (RFC 3261 20.43). */
export function lastWord(
  invite: SipRequest,
  status: number,
  reason: string,
  refusal: Refusal | undefined,
): SipResponse {
  const value = refusal && `399 sluice "${refusal.code}: ${refusal.message.replace(/["\\\r\n]/g, '')}"`;
  return withTag(responseTo(invite, status, reason, value === undefined ? [] : [{ name: 'Warning', value }]));
}
