import { z } from 'zod';
import { type AskedPart, ask } from './ask.ts';
import { identifier } from './shapes.ts';

const certificateRequest = z.string().max(8_192).meta({ description: 'PKCS #10 in PEM' });
const roleNames = [
  'appliance',
  'gateway',
  'portal',
  'configuration-server',
  'media-server',
  'operator',
  'auditor',
] as const;

/** POST /v1/enrolment-tokens: an operator lets one part enrol, once. The token it had before is void. */
export const enrolmentTokenRequest = z.object({
  endpointId: identifier,
  role: z.enum(roleNames),
  /** DNS names and IP addresses that the part serves under. */
  names: z.array(z.string().min(1).max(253)).max(32).default([]),
  validSeconds: z.number().int().min(1).max(604_800).default(3_600),
});

/** The token itself is shown here and never again. */
export const enrolmentTokenView = z.object({ endpointId: z.string(), token: z.string(), expiresAt: z.number() });

/** POST /v1/enrolments on the enrolment listener, without a client certificate. */
export const enrolmentRequest = z.object({
  endpointId: identifier,
  secret: z.string().min(1).max(128),
  certificateRequest,
});

/** POST /v1/renewals over mutual TLS: another certificate for whoever asks, for a key of its own. */
export const renewalRequest = z.object({ certificateRequest });

/** A certificate in PEM, and who it is for. */
export const certificateView = z.object({ endpointId: z.string(), role: z.enum(roleNames), certificate: z.string() });

/** POST /v1/revocations: nothing that this endpoint has counts any more, from now on. */
export const revocationRequest = z.object({
  endpointId: identifier,
  /** This certificate alone. */
  serialNumber: z
    .string()
    .regex(/^[0-9A-Fa-f]{1,40}$/)
    .optional(),
});

/** What counts no more; see `Revocation` of @sluice/identity. */
export const revocationView = z.object({
  sequence: z.number().int(),
  at: z.number(),
  endpointId: z.string(),
  serialNumber: z.string().optional(),
});
export type RevocationView = z.infer<typeof revocationView>;

/** GET /v1/revocations?after= and GET /v1/revocations/stream?after= (server-sent events, one revocation each). */
export const revocationQuery = z.object({ after: z.coerce.number().int().min(0).default(0) });

/** In the order they were made. */
export const revocationList = z.object({ revocations: z.array(revocationView) });

/** A peer whose answers may be long in coming. */
interface Streaming<Reply extends { readonly status: number; readonly body: Uint8Array }> extends AskedPart<Reply> {
  readonly peer: AskedPart<Reply>['peer'] & {
    stream(path: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  };
}

const renewalMs = 10_000;
/** A line of a revocation is far shorter. */
const longestLine = 4_096;

/** The configuration server as a part renews its certificate there and follows revocations; fits `Membership.follow`. */
export function remoteAuthority<Reply extends { readonly status: number; readonly body: Uint8Array }>(
  part: Streaming<Reply>,
) {
  return {
    async renew(request: string, signal: AbortSignal): Promise<string> {
      const json = { certificateRequest: request };
      const question = { method: 'POST', path: '/v1/renewals', json, mostMs: renewalMs } as const;
      const answer = await ask(part, certificateView, question, signal);
      if (answer.kind === 'granted') return answer.value.certificate;
      throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
    },
    async *revocations(sequence: number, signal: AbortSignal) {
      let rest = '';
      const decoder = new TextDecoder();
      for await (const bytes of part.peer.stream(`/v1/revocations/stream?after=${sequence}`, signal)) {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > longestLine) throw new Error(`the ${part.name} sends what is no revocation`);
        for (const line of lines) {
          if (!line.startsWith('data: ')) continue;
          const { serialNumber, ...read } = revocationView.parse(JSON.parse(line.slice(6)));
          yield { ...read, ...(serialNumber !== undefined && { serialNumber }) };
        }
      }
    },
  };
}
