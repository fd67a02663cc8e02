import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Answer, AwaitedStart, SessionRequest, StartRequest } from '@sluice/api';
import { statusOf } from '@sluice/api';
import {
  clientTls,
  type Identity,
  openAuthority,
  peerIdentity,
  type Role,
  serverTls,
  writeIdentity,
} from '@sluice/identity';
import { type HttpsPeer, httpsPeer, silentLog } from '@sluice/io';
import Fastify, { type FastifyInstance } from 'fastify';
import { portalConfig } from '../config.ts';
import { runPortal } from '../main.ts';
import { FakeConfigurationServer, FakeMediaServer } from './fake-parts.ts';

const here = new AbortController().signal;

async function serve(t: TestContext, identity: Identity, app: FastifyInstance): Promise<string> {
  await app.ready();
  const server = createServer(serverTls(identity), (request, reply) => app.routing(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The fakes of the two other parts, behind HTTPS as the API has it. */
function configurationApi(fake: FakeConfigurationServer): FastifyInstance {
  const app = Fastify();
  const send = (answer: Answer<unknown>, reply: { code(status: number): unknown }) => {
    if (answer.kind === 'granted') return answer.value;
    reply.code(statusOf(answer.refusal.code));
    return answer.refusal;
  };
  app.post('/v1/sessions', async (request, reply) => send(await fake.open(request.body as SessionRequest), reply));
  app.get<{ Params: { id: string } }>('/v1/sessions/:id', async (request, reply) =>
    send(await fake.look(request.params.id), reply),
  );
  app.delete<{ Params: { id: string }; Querystring: { reason: string } }>('/v1/sessions/:id', async (request, reply) =>
    send(await fake.close(request.params.id, request.query.reason), reply),
  );
  return app;
}

function mediaApi(fake: FakeMediaServer): FastifyInstance {
  const app = Fastify();
  const value = <T>(answer: Answer<T>) => (answer.kind === 'granted' ? answer.value : answer.refusal);
  app.get('/v1/contents', async () => ({ contents: value(await fake.contents()) }));
  app.get('/v1/contents/:id/poster', (_, reply) => reply.type('image/png').send(Buffer.from('png')));
  app.post('/v1/starts', async (request) => value(await fake.start(request.body as StartRequest)));
  app.post('/v1/awaited-starts', async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    return value(await fake.startAwaited(request.body as AwaitedStart, gone.signal));
  });
  app.get<{ Params: { id: string } }>('/v1/starts/:id', async (request) => value(await fake.look(request.params.id)));
  app.delete<{ Params: { id: string } }>('/v1/starts/:id', async (request) =>
    value(await fake.stop(request.params.id)),
  );
  return app;
}

/** A portal over real TLS between a television and fakes of the two other parts; all ends with the test. `more` goes into its configuration. */
export async function world(t: TestContext, limits = {}, more = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-portal-'));
  t.after(() => rm(directory, { recursive: true }));
  const authority = await openAuthority(directory);
  const issue = (role: Role) =>
    authority.issue({ endpointId: `self::${role}`, role, names: ['127.0.0.1', '::1', 'localhost'] });
  const said: string[] = [];
  const configuration = new FakeConfigurationServer(said);
  configuration.until = Date.now() + 3_600_000;
  const media = new FakeMediaServer(said);
  await writeIdentity(join(directory, 'portal'), await issue('portal'));
  const configurationServer = await serve(t, await issue('configuration-server'), configurationApi(configuration));
  const mediaServer = await serve(t, await issue('media-server'), mediaApi(media));
  const config = portalConfig.parse({
    identity: join(directory, 'portal'),
    listen: { hosts: ['127.0.0.1', '::1'], port: 0 },
    configurationServer,
    mediaServers: [mediaServer],
    limits,
    ...more,
  });
  const portal = await runPortal(config, silentLog, here);
  t.after(() => portal[Symbol.asyncDispose]());
  const origin = `https://127.0.0.1:${portal.port}`;
  const peer = (identity: Identity, at = origin): HttpsPeer => {
    const accepts = (socket: Parameters<typeof peerIdentity>[0]) => peerIdentity(socket)?.role === 'portal';
    const made = httpsPeer({ origin: at, tls: clientTls(identity), accepts });
    t.after(() => made[Symbol.asyncDispose]());
    return made;
  };
  const tv = peer(await issue('appliance'));
  return { said, configuration, media, portal, origin, peer, issue, tv, authority };
}
