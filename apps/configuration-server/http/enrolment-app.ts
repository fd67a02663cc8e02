import { enrolmentRequest } from '@sluice/api';
import { networkOf, rateLimited, TokenBuckets } from '@sluice/control';
import type { Log } from '@sluice/io';
import { type Clock, parseIpAddress, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Registrar } from '../standing/registrar.ts';
import { refuseInput } from './input.ts';
import { refuseTo } from './refuse-to.ts';

/** Enough for a certificate request. */
const bodyBytes = 16 * 1_024;

/** Enrolments that one address may try. */
const perAddress = { burst: 20, perSecond: 1 / 3 };

/** The one thing that is served to who has no certificate yet: POST /v1/enrolments. */
export async function enrolmentApp(registrar: Registrar, clock: Clock, log: Log): Promise<FastifyInstance> {
  const attempts = new TokenBuckets(perAddress);
  const app = Fastify({ bodyLimit: bodyBytes, logger: false });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const { statusCode = 500, message } = error;
    if (statusCode === 413) return refuseTo(reply, refuse('too-large', message));
    if (statusCode < 500) return refuseTo(reply, refuse('malformed', message), statusCode);
    log.error({ error: message }, 'an enrolment failed');
    return refuseTo(reply, refuse('part-unreachable', 'the configuration server failed; try again'), 500);
  });
  app.setNotFoundHandler((_request, reply) =>
    refuseTo(reply, refuse('malformed', 'there is POST /v1/enrolments alone'), 404),
  );
  app.post('/v1/enrolments', async (request, reply) => {
    const address = parseIpAddress(request.raw.socket.remoteAddress ?? '') ?? '0.0.0.0';
    const waitMs = attempts.take(networkOf(address), clock.now());
    if (waitMs > 0) return refuseTo(reply, rateLimited('too many attempts to enrol', waitMs));
    const body = enrolmentRequest.safeParse(request.body);
    if (!body.success) return refuseTo(reply, refuseInput(body.error, undefined));
    const { endpointId, secret, certificateRequest } = body.data;
    const answer = await registrar.enrol(endpointId, secret, certificateRequest);
    if (answer.kind === 'granted') {
      log.info({ endpointId, role: answer.value.role, address }, 'enrolled');
      return reply.code(201).send(answer.value);
    }
    log.warn({ endpointId, address, code: answer.refusal.code }, 'not enrolled');
    return refuseTo(reply, answer.refusal);
  });
  await app.ready();
  return app;
}
