import type { Audit, Fields, Sparing } from '@sluice/audit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Members of a body that say what an act is about; no other goes into a line. */
const telling = ['endpointId', 'role', 'serialNumber', 'gatewayId', 'applianceId', 'type', 'reason'] as const;

/** People, and programs that act for them. */
const isOperator = ({ caller }: FastifyRequest) => caller?.role === 'operator' || caller?.role === 'auditor';

/** Accounts for operators: each connection on which one shows a certificate, each act, and what is refused to others. */
export function operatorLines(app: FastifyInstance, audit: Audit, sparing: Sparing): void {
  const seen = new WeakSet<object>();
  app.addHook('preValidation', async (request) => {
    const { caller, raw } = request;
    if (!isOperator(request) || !caller.certified || seen.has(raw.socket)) return;
    seen.add(raw.socket);
    audit.note('operator-signed-in', { ...who(request), how: 'certificate' });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { caller, method, routeOptions } = request;
    const isAct = isOperator(request) && method !== 'GET' && method !== 'HEAD';
    if (!caller || !(isAct || reply.statusCode === 403)) return;
    const { isNoted, ...spared } = sparing.ask(caller.endpointId);
    if (!isNoted) return;
    audit.note('operator-acted', {
      ...who(request),
      what: `${method} ${routeOptions.url ?? 'no such route'}`,
      about: aboutOf(request),
      status: reply.statusCode,
      ...spared,
    });
  });
}

function who({ caller, ip }: FastifyRequest): Fields {
  return { operator: caller.endpointId, role: caller.role, from: ip };
}

function aboutOf({ params, query, body }: FastifyRequest): Fields {
  const about: Record<string, string> = {};
  for (const [name, value] of Object.entries((params ?? {}) as object))
    if (typeof value === 'string') about[name] = value.slice(0, 128);
  for (const from of [query, body]) {
    if (typeof from !== 'object' || from === null) continue;
    for (const name of telling) {
      const value = (from as Record<string, unknown>)[name];
      if (typeof value === 'string') about[name] ??= value.slice(0, 128);
    }
  }
  return about;
}
