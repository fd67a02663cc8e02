import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientTls, type Identity, openAuthority, type Role, writeIdentity } from '@sluice/identity';
import { type HttpsPeer, httpsPeer, type PartsBeside, silentLog } from '@sluice/io';
import { configurationServerConfig, type RunningConfigurationServer, runConfigurationServer } from '../index.ts';

/** What an HTTP exchange came to. */
export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly code?: string; readonly message?: string };
}

/** A configuration server on loopback with a deployment's authority, over real TLS and a real database. */
export interface Deployment extends AsyncDisposable {
  readonly directory: string;
  readonly server: RunningConfigurationServer;
  issue(endpointId: string, role: Role): Promise<Identity>;
  /** Asks as someone of that role; `operator`, `portal` and the like have one identity each. */
  ask(role: Role, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, json?: unknown): Promise<Reply>;
  /** The connection behind `ask`. */
  peer(identity: Identity): HttpsPeer;
  /** Stops the server and starts it again on the same database and ports. */
  restart(): Promise<void>;
}

/** Starts one, at which `self::portal-1` may ask for streams from anywhere; `overrides` are merged into its configuration. With `holdsAuthority` it makes certificates itself; `beside` are other parts of its process. */
export async function deploy(
  overrides: Record<string, unknown> = {},
  { holdsAuthority = false, beside }: { holdsAuthority?: boolean; beside?: PartsBeside } = {},
): Promise<Deployment> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-configuration-server-'));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const authority = await openAuthority(join(directory, 'authority'));
  const issue = (endpointId: string, role: Role) =>
    authority.issue({ endpointId, role, names: ['localhost', '127.0.0.1', '::1'] });
  await writeIdentity(join(directory, 'own'), await issue('self::configuration-1', 'configuration-server'));
  const config = {
    identity: join(directory, 'own'),
    api: { hosts: ['127.0.0.1', '::1'], port: 0 },
    usp: { hosts: ['127.0.0.1'], port: 0 },
    database: join(directory, 'registrations.sqlite'),
    ...(holdsAuthority && { authority: join(directory, 'authority') }),
    ...overrides,
  };
  const never = new AbortController();
  const start = (ports: object = {}) =>
    runConfigurationServer(configurationServerConfig.parse({ ...config, ...ports }), silentLog, never.signal, beside);
  let server = await start();
  started.defer(() => server[Symbol.asyncDispose]());

  const callers = new Map<Role, HttpsPeer>();
  const running = started.move();
  const peer = (identity: Identity) =>
    running.use(
      httpsPeer({ origin: `https://127.0.0.1:${server.apiPort}`, tls: clientTls(identity), accepts: () => true }),
    );
  const deployment: Deployment = {
    directory,
    get server() {
      return server;
    },
    issue,
    peer,
    async ask(role, method, path, json) {
      let caller = callers.get(role);
      if (!caller) {
        caller = peer(await issue(`self::${role}-1`, role));
        callers.set(role, caller);
      }
      const { status, body } = await caller.ask(method, path, json, AbortSignal.timeout(10_000));
      return { status, body: body.length === 0 ? {} : JSON.parse(body.toString('utf8')) };
    },
    async restart() {
      const { apiPort, uspPort } = server;
      await server[Symbol.asyncDispose]();
      server = await start({ api: { ...config.api, port: apiPort }, usp: { ...config.usp, port: uspPort } });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  await deployment.ask('operator', 'PUT', '/v1/portals/self::portal-1', { remotes: ['0.0.0.0/0', '::/0'] });
  return deployment;
}

/** A five-stream request, as a portal makes it; the device's ports begin at `localPort`. */
export function filmRequest(overrides: Record<string, unknown> = {}, localPort = 5_000): Record<string, unknown> {
  const stream = (id: string, streamType: string, port: number, more: object = {}) => ({
    id,
    streamType,
    remote: { address: '203.0.113.10', port },
    localPort: localPort + port - 7_000,
    ...more,
  });
  return {
    requestId: 'r-1',
    applianceId: 'self::tv-a',
    contentId: 'film',
    flow: {
      portal: { address: '203.0.113.20', port: 8443 },
      observed: { address: '203.0.113.1', port: 40_000 },
    },
    localAddresses: ['192.168.1.2'],
    streams: [
      stream('video', 'rtp', 7_000, { payloadType: 96 }),
      stream('video-rtcp', 'rtcp', 7_001, { pairedWith: 'video' }),
      stream('audio', 'rtp', 7_002, { payloadType: 97 }),
      stream('audio-rtcp', 'rtcp', 7_003, { pairedWith: 'audio' }),
      stream('subtitles', 'tcp', 7_004),
    ],
    ...overrides,
  };
}
