import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Content, contentList, type StartRequest, type StartView, startView } from '@sluice/api';
import { type Authority, clientTls, type Identity, openAuthority, type Role, writeIdentity } from '@sluice/identity';
import { silentLog } from '@sluice/io';
import { mediaServerConfig } from '../config.ts';
import { type RunningMediaServer, runMediaServer } from '../main.ts';

/** Media that the tests made before; making it takes seconds. */
const mediaDirectory = join(tmpdir(), `sluice-test-media-${process.getuid?.() ?? 0}`);

/** An HTTP answer. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  json(): unknown;
}

/** A media server on loopback, with an authority that issues whatever certificates a test wants. */
export interface TestMediaServer extends AsyncDisposable {
  readonly server: RunningMediaServer;
  readonly directory: string;
  readonly portal: Identity;
  identityOf(role: Role, endpointId?: string): Promise<Identity>;
  ask(method: string, path: string, json?: unknown, identity?: Identity): Promise<Reply>;
  contents(family?: 4 | 6): Promise<Content[]>;
  content(id: string): Promise<Content>;
  start(
    request: Omit<StartRequest, 'firstSpeaker'> & { firstSpeaker?: StartRequest['firstSpeaker'] },
  ): Promise<StartView>;
  look(sessionId: string): Promise<StartView>;
  stop(sessionId: string): Promise<StartView>;
}

/** Starts one; `settings` go over the defaults of these tests. */
export async function testMediaServer(settings: Record<string, unknown> = {}): Promise<TestMediaServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-media-'));
  const authority = await openAuthority(join(directory, 'authority'));
  const issued = (role: Role, endpointId?: string) => issue(authority, role, endpointId);
  await writeIdentity(join(directory, 'media-server'), await issued('media-server'));
  const config = mediaServerConfig.parse({
    identity: join(directory, 'media-server'),
    listen: { hosts: ['127.0.0.1'], port: 0 },
    addresses: { 4: '127.0.0.1', 6: '::1' },
    firstPort: 0,
    mediaDirectory,
    ...settings,
  });
  const server = await runMediaServer(config, silentLog, AbortSignal.timeout(120_000));
  const portal = await issued('portal');
  const ask = (method: string, path: string, json?: unknown, identity: Identity = portal) =>
    exchange(server.port, identity, method, path, json);
  const contents = async (family: 4 | 6 = 4) =>
    contentList.parse((await ask('GET', `/v1/contents?family=${family}`)).json()).contents;
  return {
    server,
    directory,
    portal,
    identityOf: issued,
    ask,
    contents,
    async content(id) {
      const found = (await contents()).find(({ contentId }) => contentId === id);
      if (!found) throw new Error(`no content ${id}`);
      return found;
    },
    start: async (body) => readView(await ask('POST', '/v1/starts', body)),
    look: async (sessionId) => readView(await ask('GET', `/v1/starts/${sessionId}`)),
    stop: async (sessionId) => readView(await ask('DELETE', `/v1/starts/${sessionId}`)),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function issue(authority: Authority, role: Role, endpointId = `self::${role}-1`): Promise<Identity> {
  return authority.issue({ endpointId, role, names: ['127.0.0.1'], days: 1 });
}

function readView(reply: Reply): StartView {
  if (reply.status !== 200) throw new Error(`HTTP status ${reply.status}: ${reply.body}`);
  return startView.parse(reply.json());
}

function exchange(port: number, identity: Identity, method: string, path: string, json: unknown): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const body = json === undefined ? undefined : typeof json === 'string' ? json : JSON.stringify(json);
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request(
    { ...clientTls(identity), host: '127.0.0.1', port, method, path, headers, agent: false },
    (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const whole = Buffer.concat(parts);
        resolve({
          status: answer.statusCode ?? 0,
          type: answer.headers['content-type'] ?? '',
          body: whole,
          json: () => JSON.parse(whole.toString('utf8')),
        });
      });
    },
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
