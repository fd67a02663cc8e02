import { describeUnfit } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import type { z } from 'zod';

/** The refusal of input that does not fit its schema: what is wrong, where, and with which stream. */
export function refuseInput(error: z.ZodError, input: unknown): Refusal {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  return refuse(codeOf(issue), describeUnfit(error, 'the input'), streamIdAt(path, input));
}

function codeOf(issue: z.ZodError['issues'][number] | undefined): Refusal['code'] {
  const last = issue?.path.at(-1);
  if (last === 'port' || last === 'localPort') return 'port-invalid';
  if (issue?.code === 'too_big' && (last === 'streams' || last === 'localAddresses')) return 'too-large';
  return 'malformed';
}

/** The id of the stream that a path into a session request leads through. */
function streamIdAt(path: readonly PropertyKey[], input: unknown): string | undefined {
  if (path[0] !== 'streams' || typeof path[1] !== 'number') return undefined;
  const streams = (input as { streams?: unknown }).streams;
  const stream: unknown = Array.isArray(streams) ? streams[path[1]] : undefined;
  const id = typeof stream === 'object' && stream !== null && 'id' in stream ? stream.id : undefined;
  return typeof id === 'string' ? id.slice(0, 32) : undefined;
}
