import { statusOf } from '@sluice/api';
import type { Refusal } from '@sluice/model';
import type { FastifyReply } from 'fastify';

/** Sends a refusal as a problem. */
export function refuseTo(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds);
  return reply.code(status).type('application/json; charset=utf-8').send(refusal);
}
