import { refusalCodes } from '@sluice/model';
import { z } from 'zod';

/** Body of every answer that is not a success (RFC 9457 members `title`, `status`, with our stable code). */
export const problem = z.object({
  code: z.enum(refusalCodes),
  message: z.string(),
  subject: z.string().optional(),
  /** The person is asked: what `gatewayType` of the same request, made again, may say. */
  choices: z.array(z.string().max(32)).max(16).readonly().optional(),
  /** When to ask again, where waiting helps. */
  retryAfterSeconds: z.number().int().positive().optional(),
});

export type Problem = z.infer<typeof problem>;

/** HTTP status for a refusal code. */
export function statusOf(code: Problem['code']): number {
  switch (code) {
    case 'malformed':
    case 'port-invalid':
    case 'address-not-unicast':
      return 400;
    case 'sign-in-needed':
      return 401;
    case 'not-permitted':
    case 'sign-in-refused':
    case 'enrolment-refused':
    case 'identity-revoked':
    case 'consent-missing':
    case 'consent-invalid':
    case 'consent-expired':
    case 'consent-elsewhere':
      return 403;
    case 'appliance-unknown':
    case 'content-unknown':
    case 'gateway-unknown':
    case 'gateway-not-found':
    case 'portal-unknown':
    case 'operator-unknown':
    case 'session-unknown':
    case 'opening-unknown':
      return 404;
    case 'request-conflict':
    case 'consent-replayed':
    case 'port-in-use':
      return 409;
    case 'too-large':
      return 413;
    case 'quota-exceeded':
    case 'rate-limited':
      return 429;
    case 'part-unreachable':
      return 502;
    case 'gateway-offline':
    case 'gateway-silent':
    case 'media-not-started':
      return 503;
    case 'timeout':
      return 504;
    default:
      return 422;
  }
}
