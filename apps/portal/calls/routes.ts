import { type Answer, eventText, heartbeat, heartbeatMs, meetingBody, statusOf } from '@sluice/api';
import { type Clock, type Refusal, refuse } from '@sluice/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../caller.ts';
import { refuseInput } from '../malformed.ts';
import type { CallKeeping } from './keeping.ts';
import type { Meetings } from './meetings.ts';

/** What calls between appliances lead to. */
export interface CallPorts {
  readonly meetings: Meetings;
  readonly keeping: CallKeeping;
  readonly clock: Clock;
  readonly callerOf: (request: FastifyRequest) => Caller | undefined;
}

/** Appliances meet here, and are kept together for as long as both listen. */
export function callRoutes(app: FastifyInstance, { meetings, keeping, clock, callerOf }: CallPorts): void {
  app.post('/v1/calls', async (request, reply) => {
    const caller = callerOf(request);
    if (!caller) return send(reply, stranger);
    const body = meetingBody.safeParse(request.body);
    if (!body.success) return send(reply, refuseInput(body.error));
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    const answer: Answer<object> = await meetings.take(caller, body.data, gone.signal);
    return answer.kind === 'refused' ? send(reply, answer.refusal) : reply.send(answer.value);
  });

  app.get<{ Params: { id: string } }>('/v1/calls/:id/events', (request, reply) => {
    const caller = callerOf(request);
    if (!caller) return send(reply, stranger);
    const { raw } = reply;
    let cancel = () => {};
    const end = (reason: string) => {
      cancel();
      raw.end(eventText({ ended: reason }));
    };
    const listening = keeping.listen(request.params.id, caller.endpointId, { end });
    if (!listening) return send(reply, unknown(request.params.id));
    reply.hijack();
    const gone = () => {
      cancel();
      listening[Symbol.dispose]();
    };
    if (raw.destroyed) return gone();
    raw.once('close', gone);
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    raw.write(heartbeat);
    const beat = () => {
      cancel = clock.after(heartbeatMs, () => {
        raw.write(heartbeat);
        beat();
      });
    };
    beat();
  });

  app.delete<{ Params: { id: string } }>('/v1/calls/:id', async (request, reply) => {
    const caller = callerOf(request);
    if (!caller) return send(reply, stranger);
    const known = await keeping.hangUp(request.params.id, caller.endpointId);
    return known ? reply.code(204).send() : send(reply, unknown(request.params.id));
  });
}

const stranger = refuse('not-permitted', 'this needs the certificate of an appliance of this deployment');

function unknown(sessionId: string): Refusal {
  return refuse('session-unknown', `there is no call ${sessionId}`);
}

function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply.code(statusOf(refusal.code)).type('application/json; charset=utf-8').send(refusal);
}
