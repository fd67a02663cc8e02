import type { z } from 'zod';

/** Most characters of a sentence about input; paths into it hold names that its sender chose. */
const longest = 256;

/** Where input does not fit its schema, and why: "streams.0.remote.port: a port is ...". `whole` names the input. */
export function describeUnfit(error: z.ZodError, whole: string): string {
  const issue = error.issues[0];
  return `${issue?.path.map(String).join('.') || whole}: ${issue?.message ?? 'not as the API has it'}`.slice(
    0,
    longest,
  );
}
