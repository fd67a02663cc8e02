import type { Refusal } from '@sluice/model';

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
