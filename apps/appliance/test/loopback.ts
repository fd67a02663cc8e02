import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { SessionRequest, SessionView } from '@sluice/api';
import {
  type Authority,
  type Identity,
  joinDeployment,
  openAuthority,
  type Role,
  serverTls,
  writeIdentity,
} from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import Fastify from 'fastify';
import { mediaCache } from '../../../lab/cache.ts';
import { mediaServerConfig, runMediaServer } from '../../media-server/index.ts';
import { portalConfig, runPortal } from '../../portal/index.ts';
import { connectPortal } from '../connect.ts';
import type { Portal } from '../portal.ts';

/** A media server, a portal and an appliance's link to it, on 127.0.0.1; no gateway is between them. */
export interface Loopback {
  readonly identity: Identity;
  readonly authority: Authority;
  readonly directory: string;
  readonly origin: string;
  readonly portal: Portal;
  /** Sessions as the configuration server has them. */
  readonly sessions: Map<string, SessionView>;
}

/** Starts them; all ends with the test. */
export async function loopback(t: TestContext, media: object = {}): Promise<Loopback> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-loopback-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const authority = await openAuthority(directory);
  const issue = async (role: Role) => {
    const identity = await authority.issue({ endpointId: `self::${role}`, role, names: ['127.0.0.1', 'localhost'] });
    await writeIdentity(join(directory, role), identity);
    return identity;
  };
  const here = new AbortController().signal;
  const sessions = new Map<string, SessionView>();
  const configurationServer = await serveOpenHome(t, await issue('configuration-server'), sessions);
  await issue('media-server');
  const server = await runMediaServer(
    mediaServerConfig.parse({
      identity: join(directory, 'media-server'),
      listen: { hosts: ['127.0.0.1'], port: 0 },
      addresses: { 4: '127.0.0.1' },
      firstPort: 0,
      // Made once and kept: making it again would tell nothing new.
      mediaDirectory: mediaCache() ?? join(directory, 'media'),
      filmSeconds: 2,
      downloadMegabytes: 1,
      ...media,
    }),
    silentLog,
    here,
  );
  t.after(() => server[Symbol.asyncDispose]());
  await issue('portal');
  const portal = await runPortal(
    portalConfig.parse({
      identity: join(directory, 'portal'),
      listen: { hosts: ['127.0.0.1'], port: 0 },
      configurationServer,
      mediaServers: [`https://127.0.0.1:${server.port}`],
    }),
    silentLog,
    here,
  );
  t.after(() => portal[Symbol.asyncDispose]());
  const origin = `https://127.0.0.1:${portal.port}`;
  const identity = await issue('appliance');
  const own = await joinDeployment({ directory: join(directory, 'appliance'), clock: systemClock, log: silentLog });
  t.after(() => own[Symbol.dispose]());
  const connected = connectPortal(origin, own, undefined);
  t.after(() => connected[Symbol.asyncDispose]());
  return { identity, authority, directory, origin, portal: connected.portal, sessions };
}

/** A configuration server whose only home has no gateway: the global endpoint is the appliance's own. */
async function serveOpenHome(t: TestContext, identity: Identity, sessions: Map<string, SessionView>): Promise<string> {
  const app = Fastify();
  app.post('/v1/sessions', (request) => {
    const { requestId, applianceId, contentId, streams, flow } = request.body as SessionRequest;
    const sessionId = `session-${sessions.size + 1}`;
    const until = Date.now() + 60_000;
    const session: SessionView = {
      ...{ sessionId, requestId, applianceId, contentId, until, endsAt: until, createdAt: Date.now() },
      ...{ portalId: 'self::portal', gatewayId: 'none', state: 'open', timeline: [] },
      openings: streams.map(({ id, streamType, remote, localPort }) => {
        const local = { address: flow.observed.address, port: localPort };
        return { id: `o-${id}`, streamId: id, streamType, remote, global: local, local };
      }),
    };
    sessions.set(sessionId, session);
    return session;
  });
  app.get<{ Params: { id: string } }>('/v1/sessions/:id', (request) => sessions.get(request.params.id));
  app.delete<{ Params: { id: string }; Querystring: { reason: string } }>('/v1/sessions/:id', (request) => {
    const session = sessions.get(request.params.id);
    if (session) sessions.set(session.sessionId, { ...session, state: 'closed', closeReason: request.query.reason });
    return sessions.get(request.params.id);
  });
  await app.ready();
  const server = createServer(serverTls(identity), (request, reply) => app.routing(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
