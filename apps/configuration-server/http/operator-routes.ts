import { byOperatorName, operatorAccount, operatorList, operatorView, problem } from '@sluice/api';
import { rateLimited } from '@sluice/control';
import { refuse } from '@sluice/model';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { operators, readers } from './access.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';

/** People who sign in with a password. */
export function operatorRoutes(app: FastifyInstance, { accounts, signInUrl, log }: ApiPorts): void {
  app.put(
    '/v1/operators/:name',
    {
      config: operators,
      schema: {
        summary: 'Let a person sign in, or give him another role and password',
        params: byOperatorName,
        body: operatorAccount,
        response: { 200: operatorView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { name } = request.params as z.infer<typeof byOperatorName>;
      const { role, password } = request.body as z.infer<typeof operatorAccount>;
      const busy = await accounts.put(name, role, password);
      if (busy) return refuseTo(reply, rateLimited('too many passwords are looked at', 1_000));
      log.info({ name, role, by: request.caller.endpointId }, 'account put');
      const url = signInUrl(new URL(`https://${request.host}`).hostname);
      return { name, role, ...(url !== undefined && { signInUrl: url }) };
    },
  );

  app.get(
    '/v1/operators',
    { config: readers, schema: { summary: 'List who signs in with a password', response: { 200: operatorList } } },
    async () => ({ operators: (await accounts.all()).map(({ name, role }) => ({ name, role })) }),
  );

  app.delete(
    '/v1/operators/:name',
    {
      config: operators,
      schema: {
        summary: 'Remove an account; its tokens count no more',
        params: byOperatorName,
        response: { 204: z.null(), '4xx': problem },
      },
    },
    async (request, reply) => {
      const { name } = request.params as z.infer<typeof byOperatorName>;
      if (!(await accounts.forget(name)))
        return refuseTo(reply, refuse('operator-unknown', `there is no account ${name}`));
      log.info({ name, by: request.caller.endpointId }, 'account removed');
      return reply.code(204).send();
    },
  );
}
