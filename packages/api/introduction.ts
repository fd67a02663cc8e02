import { z } from 'zod';

/** The port on a gateway's addresses inside the home where appliances introduce themselves. */
export const introductionPort = 8447;

/** POST /v1/introductions on a gateway, over mutual TLS: the key that it takes consent from, by RFC 7638 thumbprint. */
export const introductionAnswer = z.object({ applianceId: z.string(), thumbprint: z.string() });
export type IntroductionAnswer = z.infer<typeof introductionAnswer>;
