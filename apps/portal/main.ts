import { createHmac } from 'node:crypto';
import type { Socket } from 'node:net';
import { remoteAuthority } from '@sluice/api';
import { clientTls, joinDeployment, peerIdentity, type Role, serverTls } from '@sluice/identity';
import {
  ConnectionEndsReader,
  httpsPeer,
  type Log,
  type PartsBeside,
  placeOf,
  serveHttps,
  systemClock,
} from '@sluice/io';
import { CallKeeping } from './calls/keeping.ts';
import { Meetings } from './calls/meetings.ts';
import type { PortalConfig } from './config.ts';
import { remoteConfigurationServer } from './configuration-server.ts';
import { withDirectWay } from './direct.ts';
import { portalRoutes } from './http.ts';
import { probingServers } from './links/probing.ts';
import { Upstream } from './links/upstream.ts';
import { remoteMediaServer } from './media-server.ts';
import { rememberedPosters } from './posters.ts';
import { requestDesk } from './request-desk.ts';
import { openRtspDoor } from './rtsp/door.ts';
import { contentShelf } from './shelf.ts';
import { openSipDoor } from './sip/door.ts';

/** A portal that serves. Disposing of it stops serving; sessions that it started go on, but for those of RTSP. */
export interface RunningPortal extends AsyncDisposable {
  readonly port: number;
  /** Where players find it; undefined where it serves none. */
  readonly rtspPort?: number;
  /** Where telephones find it; undefined where it serves none. */
  readonly sipPort?: number;
}

/**
 * Starts a portal; resolves when it serves. Throws when the identity cannot be read or the port not be taken. `beside` are
 * the other parts of its process.
 */
export async function runPortal(
  config: PortalConfig,
  log: Log,
  signal: AbortSignal,
  beside?: PartsBeside,
): Promise<RunningPortal> {
  const ending = new AbortController();
  const lifetime = AbortSignal.any([signal, ending.signal]);
  await using started = new AsyncDisposableStack();
  const own = started.use(await joinDeployment({ directory: config.identity, clock: systemClock, log }));
  const { identity } = own;
  started.defer(() => ending.abort(new Error('the portal ends')));

  const part = (name: string, role: Role, place: string) => {
    const accepts = (socket: Parameters<typeof peerIdentity>[0]) =>
      own.watch.admits(socket) && peerIdentity(socket)?.role === role;
    const peer = started.use(
      httpsPeer({ ...placeOf(place, role, beside), tls: clientTls(identity), accepts, connections: 64 }),
    );
    return { name, peer, clock: systemClock };
  };
  const configurationPart = part('configuration server', 'configuration-server', config.configurationServer);
  const configuration = remoteConfigurationServer(configurationPart, config.limits);
  const servers = config.mediaServers.map((place) =>
    remoteMediaServer(part('media server', 'media-server', place), place, config.limits),
  );
  const shelf = contentShelf(servers, systemClock, config.limits.contentsFreshMs, lifetime, config.localPorts);
  const deciding = {
    portalId: identity.endpointId,
    configuration: withDirectWay(configuration, {
      portalId: identity.endpointId,
      networks: config.direct,
      longestMs: config.limits.directSeconds * 1_000,
      clock: systemClock,
    }),
    shelf,
    clock: systemClock,
    log,
    stopwatch: () => performance.now(),
    starter: config.start,
    // Of the key, so that a portal that starts anew knows what it ordered before.
    startIdOf: (applianceId: string, requestId: string) =>
      createHmac('sha256', identity.keyPem).update(`start ${applianceId} ${requestId}`).digest('base64url'),
    lifetime,
  };
  const desk = started.use(requestDesk(deciding, servers));
  const ends = new ConnectionEndsReader(config.proxies);
  const callers = { endsOf: (socket: Socket) => ends.of(socket), counts: own.counts };
  const links = {
    upstream: new Upstream({ part: configurationPart, log, lifetime }),
    clock: systemClock,
    probe: probingServers(shelf, lifetime),
  };
  const keeping = started.use(new CallKeeping(deciding));
  const meetings = new Meetings({ ...deciding, calls: configuration }, (met) => keeping.add(met));
  const calls = { meetings, keeping, clock: systemClock };
  const unnamed = config.unnamedAppliances === 'permitted';
  const app = portalRoutes(
    { desk, shelf, posters: rememberedPosters(systemClock), log, callers, unnamed, links, calls },
    lifetime,
  );
  started.defer(() => app.close());
  await app.ready();

  // A browser without a certificate may look at the pages; the API asks for one itself.
  const tls = { ...serverTls(identity), rejectUnauthorized: false };
  const { port } = started.use(await serveHttps(app.routing, { ...config.listen, tls, secure: own.secure, ends }));
  // Players and telephones lose this portal, and ask no other way: what is open for them is closed at its end, for which it
  // still has to ask.
  const doors = new AbortController();
  started.defer(() => doors.abort(new Error('the portal ends')));
  const deciders = { ...deciding, lifetime: doors.signal };
  const rtsp = config.rtsp && started.use(await openRtspDoor(deciders, { ...config.rtsp, ends }));
  const sip =
    config.sip && started.use(await openSipDoor({ ...deciders, calls: configuration }, { ...config.sip, ends }));
  const [rtspPort, sipPort] = [rtsp?.port, sip?.port];
  void own.follow(remoteAuthority(configurationPart), lifetime);
  const running = started.move();
  log.info({ port, rtspPort, sipPort, hosts: config.listen.hosts }, 'serving');
  return {
    port,
    ...(rtspPort !== undefined && { rtspPort }),
    ...(sipPort !== undefined && { sipPort }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
