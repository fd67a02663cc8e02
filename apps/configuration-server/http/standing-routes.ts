import type { TLSSocket } from 'node:tls';
import {
  certificateView,
  enrolmentTokenRequest,
  enrolmentTokenView,
  problem,
  renewalRequest,
  revocationList,
  revocationQuery,
  revocationRequest,
  revocationView,
} from '@sluice/api';
import { peerCertificate, servedNames } from '@sluice/identity';
import { refuse } from '@sluice/model';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { everyone, operators, parts } from './access.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';

/** Shorter than the silence after which a follower gives a stream up. */
const heartbeatMs = 20_000;

/** Who may join, certificates renewed, certificates that count no more. */
export function standingRoutes(app: FastifyInstance, { registrar, enrolmentUrl, clock, lifetime }: ApiPorts): void {
  app.post(
    '/v1/enrolment-tokens',
    {
      config: operators,
      schema: {
        summary: 'Let a part enrol, once',
        body: enrolmentTokenRequest,
        response: { 201: enrolmentTokenView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { validSeconds, ...holder } = request.body as z.infer<typeof enrolmentTokenRequest>;
      const url = enrolmentUrl(new URL(`https://${request.host}`).hostname);
      if (url === undefined)
        return refuseTo(
          reply,
          refuse('enrolment-refused', 'this server does not serve enrolment; see its configuration'),
        );
      const answer = await registrar.allow(holder, url, validSeconds);
      return answer.kind === 'refused' ? refuseTo(reply, answer.refusal) : reply.code(201).send(answer.value);
    },
  );

  app.post(
    '/v1/renewals',
    {
      config: parts,
      schema: {
        summary: 'Another certificate for whoever asks, for a key of its own',
        body: renewalRequest,
        response: { 201: certificateView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const certificate = peerCertificate(request.raw.socket as TLSSocket);
      const names = certificate ? servedNames(certificate) : [];
      const { certificateRequest } = request.body as z.infer<typeof renewalRequest>;
      const answer = await registrar.renew({ ...request.caller, names }, certificateRequest);
      return answer.kind === 'refused' ? refuseTo(reply, answer.refusal) : reply.code(201).send(answer.value);
    },
  );

  app.post(
    '/v1/revocations',
    {
      config: operators,
      schema: {
        summary: 'Have the certificates of a part count no more; its connections end at once',
        body: revocationRequest,
        response: { 201: revocationView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { endpointId, serialNumber } = request.body as z.infer<typeof revocationRequest>;
      return reply.code(201).send(await registrar.revoke(endpointId, serialNumber));
    },
  );

  app.get(
    '/v1/revocations',
    {
      config: everyone,
      schema: { summary: 'What counts no more', querystring: revocationQuery, response: { 200: revocationList } },
    },
    async (request) => {
      const { after } = request.query as z.infer<typeof revocationQuery>;
      return { revocations: await registrar.revocationsAfter(after) };
    },
  );

  app.get(
    '/v1/revocations/stream',
    {
      config: everyone,
      schema: { summary: 'What counts no more, as it comes about (server-sent events)', querystring: revocationQuery },
    },
    async (request, reply) => {
      const { after } = request.query as z.infer<typeof revocationQuery>;
      const { raw } = reply.hijack();
      const gone = new AbortController();
      raw.once('close', () => gone.abort());
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      raw.write(':\n\n');
      let cancel = () => {};
      const beat = () => {
        cancel = clock.after(heartbeatMs, () => {
          raw.write(':\n\n');
          beat();
        });
      };
      beat();
      try {
        for await (const revocation of registrar.follow(after, AbortSignal.any([gone.signal, lifetime])))
          raw.write(`data: ${JSON.stringify(revocation)}\n\n`);
      } finally {
        cancel();
        raw.end();
      }
    },
  );
}
