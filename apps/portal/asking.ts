import { type Answer, readAnswer } from '@sluice/api';
import { deadline, type HttpsPeer, type PeerAnswer, PeerUnreachable, PeerUntrusted } from '@sluice/io';
import { type Clock, type RefusalCode, refuse } from '@sluice/model';
import type { z } from 'zod';

/** One other part: how it is called in sentences, and what silence of it is answered with. */
export interface AskedPart {
  readonly name: string;
  readonly peer: HttpsPeer;
  readonly clock: Clock;
}

/** One exchange, and how long it may take. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly mostMs: number;
  /** The refusal when the time is over. */
  readonly silence: RefusalCode;
}

/** Asks a part and reads its answer. Failure is a refusal; throws only the reason of `signal`. */
export async function ask<T>(
  part: AskedPart,
  schema: z.ZodType<T>,
  question: Question,
  signal: AbortSignal,
): Promise<Answer<T>> {
  const answer = await exchange(part, question, signal);
  return answer.kind === 'refused' ? answer : readAnswer(part.name, schema, answer.value.status, answer.value.body);
}

/** Asks a part for bytes of any kind. */
export async function exchange(part: AskedPart, question: Question, signal: AbortSignal): Promise<Answer<PeerAnswer>> {
  const silent = new Error('silent');
  const limit = deadline(part.clock, question.mostMs, silent, signal);
  try {
    const value = await part.peer.ask(question.method, question.path, question.json, limit.signal);
    return { kind: 'granted', value };
  } catch (error) {
    signal.throwIfAborted();
    if (error === silent) {
      const message = `the ${part.name} gave no answer within ${question.mostMs} ms`;
      return { kind: 'refused', refusal: refuse(question.silence, message) };
    }
    if (error instanceof PeerUnreachable) {
      return { kind: 'refused', refusal: refuse('part-unreachable', `the ${part.name} cannot be reached; try later`) };
    }
    if (error instanceof PeerUntrusted) {
      const message = `the ${part.name} cannot prove who it is; tell the operator`;
      return { kind: 'refused', refusal: refuse('part-unreachable', message) };
    }
    throw error;
  } finally {
    limit.clear();
  }
}
