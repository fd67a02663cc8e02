import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { joinDeployment } from '@sluice/identity';
import { type Log, systemClock } from '@sluice/io';
import { type IpAddress, parseIpAddress } from '@sluice/model';
import { HandedPlays } from '../browser/handed-plays.ts';
import { Grants } from '../browser/origins.ts';
import { browserRoutes } from '../browser/routes.ts';
import { connectPortal, followDeployment, realSurroundings } from '../connect.ts';
import { OwnPlayers } from '../gateway/own-players.ts';
import { serveOnLoopback, serveOnSocket } from '../io/listen.ts';
import { ownAddresses } from '../io/own-addresses.ts';
import { peerUser } from '../io/peer-user.ts';
import { deviceSockets } from '../io/socket-table.ts';
import type { Portal } from '../portal.ts';
import type { DaemonConfig } from './config.ts';
import { ProgramSessions } from './program-sessions.ts';
import { daemonRoutes } from './routes.ts';

/** A daemon that serves. Disposing of it leaves every session and stops serving. */
export interface RunningDaemon extends AsyncDisposable {
  readonly socket: string;
  /** On 127.0.0.1, for pages; undefined where none may ask. */
  readonly browserPort?: number;
}

/** Starts a device's daemon; resolves when it serves. Throws when the identity cannot be read or it cannot listen. */
export async function runDaemon(config: DaemonConfig, log: Log, signal: AbortSignal): Promise<RunningDaemon> {
  const ending = new AbortController();
  const lifetime = AbortSignal.any([signal, ending.signal]);
  await using started = new AsyncDisposableStack();
  const own = started.use(await joinDeployment({ directory: config.identity, clock: systemClock, log }));
  started.defer(() => ending.abort(new Error('the daemon ends')));
  const players =
    config.players === 'allowed'
      ? new OwnPlayers({ sockets: deviceSockets, ownAddresses, portalAddresses: () => addressesOf(config.portal) })
      : undefined;
  const { portal, home } = started.use(connectPortal(config.portal, own, config.family, config.gateway, players));
  // Players do not say that they are about to ask: whoever asks us about them has to find us.
  if (players) started.use(home.present());
  const { localAddresses } = config;
  const sessions = new ProgramSessions({ portal, clock: systemClock, sockets: deviceSockets, localAddresses });
  const websites = config.browser && (await openWebsites(config.browser, portal, log));
  const app = daemonRoutes({ portal, sessions, userOf: peerUser, websites }, lifetime);
  started.defer(() => app.close());
  await app.ready();
  const { socket, socketMode } = config;
  started.use(await serveOnSocket(socket, app.routing, socketMode));
  let browserPort: number | undefined;
  if (config.browser && websites) {
    const pages = browserRoutes({ portal, ...websites, token: randomBytes(16).toString('hex') }, lifetime);
    started.defer(() => pages.close());
    await pages.ready();
    browserPort = started.use(await serveOnLoopback(config.browser.port, pages.routing)).port;
    started.use(websites.plays);
  }
  // They end first: whoever is connected is told.
  started.use(sessions);
  const { configurationServer } = config;
  if (configurationServer !== undefined) void followDeployment(configurationServer, own, lifetime);
  const running = started.move();
  log.info({ socket, browserPort, portal: config.portal, players: config.players }, 'serving');
  return {
    socket,
    ...(browserPort !== undefined && { browserPort }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function openWebsites({ player, grants: file }: NonNullable<DaemonConfig['browser']>, portal: Portal, log: Log) {
  const grants = await Grants.open(file, systemClock);
  const plays = new HandedPlays({ portal, player, around: realSurroundings, log });
  return { grants, plays, owner: process.getuid?.() ?? 0 };
}

/** Every address that a part's name has now. */
async function addressesOf(origin: string): Promise<ReadonlySet<IpAddress>> {
  const { hostname } = new URL(origin);
  const literal = parseIpAddress(hostname.replace(/^\[|\]$/g, ''));
  if (literal !== undefined) return new Set([literal]);
  const found = await lookup(hostname, { all: true });
  return new Set(found.flatMap(({ address }) => parseIpAddress(address) ?? []));
}
