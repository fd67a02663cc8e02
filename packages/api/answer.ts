import type { Refusal } from '@sluice/model';
import type { z } from 'zod';
import { problem } from './problem.ts';

/** What another part said: what was asked for, or an expected "no". */
export type Answer<T> =
  | { readonly kind: 'granted'; readonly value: T }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Reads an HTTP answer of a part: a 2xx body of `schema`, or a problem. Anything else is the refusal
 * `part-unreachable`, which names `part`.
 */
export function readAnswer<T>(part: string, schema: z.ZodType<T>, status: number, body: Uint8Array): Answer<T> {
  const value = readJson(body);
  if (status >= 200 && status < 300) {
    const read = schema.safeParse(value);
    if (read.success) return { kind: 'granted', value: read.data };
    return refused(part, `answers what the API does not have (${read.error.issues[0]?.path.join('.') ?? 'body'})`);
  }
  const read = problem.safeParse(value);
  if (!read.success) return refused(part, `answers with HTTP status ${status}`);
  const { code, message, subject, choices, retryAfterSeconds } = read.data;
  const refusal = {
    code,
    message,
    ...(subject !== undefined && { subject }),
    ...(choices && { choices }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return { kind: 'refused', refusal };
}

function refused(part: string, what: string): Answer<never> {
  return { kind: 'refused', refusal: { code: 'part-unreachable', message: `the ${part} ${what}` } };
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
