import { type Clock, type Refusal, type RefusalCode, refuse } from '@sluice/model';
import type { z } from 'zod';
import { type Answer, readAnswer } from './answer.ts';

/** An HTTP exchange with one part, as `HttpsPeer` of @sluice/io does it: failures are the errors named there. */
export interface Asked<Reply extends { readonly status: number; readonly body: Uint8Array }> {
  ask(method: Question['method'], path: string, json: unknown, signal: AbortSignal): Promise<Reply>;
}

/** One other part: how it is called in sentences, and how it is reached. */
export interface AskedPart<Reply extends { readonly status: number; readonly body: Uint8Array }> {
  readonly name: string;
  readonly peer: Asked<Reply>;
  readonly clock: Clock;
}

/** One exchange, and how long it may take. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly mostMs: number;
  /** The refusal when the time is over; `timeout` where left out. */
  readonly silence?: RefusalCode;
}

/** Asks a part and reads its answer. Failure is a refusal; throws only the reason of `signal`. */
export async function ask<T, Reply extends { readonly status: number; readonly body: Uint8Array }>(
  part: AskedPart<Reply>,
  schema: z.ZodType<T>,
  question: Question,
  signal: AbortSignal,
): Promise<Answer<T>> {
  const answer = await exchange(part, question, signal);
  return answer.kind === 'refused' ? answer : readAnswer(part.name, schema, answer.value.status, answer.value.body);
}

/** Asks a part for bytes of any kind; the reply is granted whatever its status. */
export async function exchange<Reply extends { readonly status: number; readonly body: Uint8Array }>(
  part: AskedPart<Reply>,
  question: Question,
  signal: AbortSignal,
): Promise<Answer<Reply>> {
  const limit = new AbortController();
  const giveUp = () => limit.abort(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  let isLate = false;
  const cancel = part.clock.after(question.mostMs, () => {
    isLate = true;
    limit.abort();
  });
  try {
    const value = await part.peer.ask(question.method, question.path, question.json, limit.signal);
    return { kind: 'granted', value };
  } catch (error) {
    signal.throwIfAborted();
    if (isLate) {
      const message = `the ${part.name} gave no answer within ${question.mostMs} ms`;
      return { kind: 'refused', refusal: refuse(question.silence ?? 'timeout', message) };
    }
    return { kind: 'refused', refusal: whyNot(part.name, error) };
  } finally {
    cancel();
    signal.removeEventListener('abort', giveUp);
  }
}

function whyNot(part: string, error: unknown): Refusal {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PeerUnreachable') return refuse('part-unreachable', `the ${part} cannot be reached; try later`);
  if (name === 'PeerUntrusted') {
    return refuse('part-unreachable', `the ${part} cannot prove who it is; tell the operator`);
  }
  throw error;
}
