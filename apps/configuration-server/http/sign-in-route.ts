import { problem, signInRequest, signInView } from '@sluice/api';
import { parseIpAddress } from '@sluice/model';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';
import { whoever } from './access.ts';
import { refuseTo } from './refuse-to.ts';

/** POST /v1/sign-ins, for whoever comes. */
export function signInRoute(app: FastifyInstance, signIn: SignIn): void {
  app.post(
    '/v1/sign-ins',
    {
      config: whoever,
      schema: {
        summary: 'Get a token for a name and its password',
        body: signInRequest,
        response: { 201: signInView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { name, password } = request.body as z.infer<typeof signInRequest>;
      const address = parseIpAddress(request.raw.socket.remoteAddress ?? '') ?? '0.0.0.0';
      const answer = await signIn.signIn(name, password, address);
      if (answer.kind === 'refused') return refuseTo(reply, answer.refusal);
      return reply.code(201).header('cache-control', 'no-store').send(answer.value);
    },
  );
}
