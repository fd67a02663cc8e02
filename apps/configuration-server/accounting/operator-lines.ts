import { type Audit, type Fields, Sparing } from '@sluice/audit';
import type { Clock } from '@sluice/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Accounts } from '../sign-in/accounts.ts';

/** Members of a body that say what an act is about; no other goes into a line. */
const telling = ['endpointId', 'role', 'serialNumber', 'gatewayId', 'applianceId', 'type', 'reason'] as const;

/** People, and programs that act for them. */
const isOperator = ({ caller }: FastifyRequest) => caller?.role === 'operator' || caller?.role === 'auditor';

/** An operator who comes back within this time has not signed in anew, however many connections that takes. */
const stretchMs = 15 * 60_000;

/** What operators are accounted for with. */
export interface OperatorGround {
  readonly audit: Audit;
  /** How many acts of one caller are noted. */
  readonly sparing: Sparing;
  readonly clock: Clock;
  readonly accounts: Pick<Accounts, 'all'>;
}

/** Accounts for operators: who signs in or comes with a certificate, each act, and what is refused to others. */
export function operatorLines(app: FastifyInstance, { audit, sparing, clock, accounts }: OperatorGround): void {
  const signIns = new Sparing(clock, 1, stretchMs);
  app.addHook('preValidation', async (request) => {
    const { caller, ip } = request;
    if (!isOperator(request)) return;
    const how = caller.certified ? 'certificate' : caller.endpointId.startsWith('oidc:') ? 'oidc' : undefined;
    // Who has a token of this server signed in for it.
    if (how && signIns.ask(`${caller.endpointId} ${ip}`).isNoted)
      audit.note('operator-signed-in', { ...who(request), how });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { caller, method, routeOptions } = request;
    if (method === 'POST' && routeOptions.url === '/v1/sign-ins') return signedIn(request, reply);
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

  /** A name that nobody has may be a password in the wrong place: it is not written down. */
  async function signedIn({ body, ip }: FastifyRequest, { statusCode }: FastifyReply): Promise<void> {
    const isDone = statusCode === 201;
    const { isNoted, ...spared } = isDone ? { isNoted: true } : sparing.ask(`sign-ins from ${ip}`);
    if (!isNoted) return;
    const given: unknown = Object(body).name;
    const account = (await accounts.all()).find(({ name }) => name === given);
    audit.note('operator-signed-in', {
      operator: account ? `operator:${account.name}` : 'nobody',
      ...(account && { role: account.role }),
      ...{ from: ip, how: 'password' },
      ...(!isDone && { refused: statusCode, ...spared }),
    });
  }
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
