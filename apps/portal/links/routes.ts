import { randomBytes } from 'node:crypto';
import {
  type Answer,
  eventText,
  heartbeat,
  heartbeatMs,
  linkDoubt,
  type ProbeOrder,
  type ProbeResults,
  probeOrder,
  statusOf,
} from '@sluice/api';
import { type Clock, type Refusal, refuse } from '@sluice/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import type { Upstream } from './upstream.ts';

/** What the links of appliances lead to. */
export interface LinkPorts {
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly callerOf: (request: FastifyRequest) => Caller | undefined;
  /** Has the media server of a content try openings. */
  readonly probe: (order: ProbeOrder) => Promise<Answer<ProbeResults>>;
}

const answer = z.looseObject({ id: z.number().int().positive() });
const notAnAppliance = refuse('not-permitted', 'this needs the certificate of an appliance of this deployment');

/** Carries, unread, what the configuration server and appliances say to each other about their gateways. */
export function linkRoutes(app: FastifyInstance, { upstream, clock, callerOf, probe }: LinkPorts): void {
  const owners = new Map<string, string>();

  const obey = async (link: string, order: unknown): Promise<void> => {
    const read = probeOrder.safeParse(order);
    if (!read.success) return;
    const { id } = read.data;
    const results = await probe(read.data);
    await upstream.up(link, 'results', results.kind === 'granted' ? { id, ...results.value } : { id });
  };

  app.get('/v1/link', async (request, reply) => {
    const caller = callerOf(request);
    if (caller?.role !== 'appliance') return send(reply, notAnAppliance);
    const link = randomBytes(16).toString('hex');
    const { raw } = reply;
    /** What comes before the answer's head is written. */
    const early: object[] = [];
    let write = (event: object): unknown => early.push(event);
    let ended = false;
    const refusal = await upstream.open(link, caller, {
      question: (question) => write(question as object),
      order: (order) => void obey(link, order).catch(() => {}),
      end() {
        ended = true;
        raw.end();
      },
    });
    if (refusal) return send(reply, refusal);
    owners.set(link, caller.endpointId);
    reply.hijack();
    let cancel = () => {};
    const gone = () => {
      cancel();
      owners.delete(link);
      upstream.close(link).catch(() => {});
    };
    if (raw.destroyed || ended) return gone();
    raw.once('close', gone);
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    write = (event) => raw.write(eventText(event));
    for (const event of [{ link }, ...early]) write(event);
    const beat = () => {
      cancel = clock.after(heartbeatMs, () => {
        raw.write(heartbeat);
        beat();
      });
    };
    beat();
  });

  app.post<{ Params: { link: string } }>('/v1/link/:link/doubts', async (request, reply) => {
    const caller = callerOf(request);
    const { link } = request.params;
    if (!caller || owners.get(link) !== caller.endpointId) return send(reply, notAnAppliance);
    const body = linkDoubt.safeParse(request.body);
    if (!body.success) return send(reply, refuse('malformed', 'a doubt says why'));
    const refusal = await upstream.up(link, 'doubts', body.data);
    return refusal ? send(reply, refusal) : reply.code(204).send();
  });

  app.post<{ Params: { link: string } }>('/v1/link/:link/answers', async (request, reply) => {
    const caller = callerOf(request);
    const { link } = request.params;
    if (!caller || owners.get(link) !== caller.endpointId) return send(reply, notAnAppliance);
    const body = answer.safeParse(request.body);
    if (!body.success) return send(reply, refuse('malformed', 'an answer has the number of its question'));
    const refusal = await upstream.up(link, 'answers', body.data);
    return refusal ? send(reply, refusal) : reply.code(204).send();
  });
}

function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply.code(statusOf(refusal.code)).type('application/json; charset=utf-8').send(refusal);
}
