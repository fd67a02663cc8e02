import { lookup } from 'node:dns/promises';
import { joinDeployment } from '@sluice/identity';
import { type Log, systemClock } from '@sluice/io';
import { type IpAddress, parseIpAddress } from '@sluice/model';
import { connectPortal, followDeployment } from '../connect.ts';
import { OwnPlayers } from '../gateway/own-players.ts';
import { serveOnSocket } from '../io/listen.ts';
import { ownAddresses } from '../io/own-addresses.ts';
import { peerUser } from '../io/peer-user.ts';
import { deviceSockets } from '../io/socket-table.ts';
import type { DaemonConfig } from './config.ts';
import { ProgramSessions } from './program-sessions.ts';
import { daemonRoutes } from './routes.ts';

/** A daemon that serves. Disposing of it leaves every session and stops serving. */
export interface RunningDaemon extends AsyncDisposable {
  readonly socket: string;
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
  const app = daemonRoutes({ portal, sessions, userOf: peerUser }, lifetime);
  started.defer(() => app.close());
  await app.ready();
  const { socket, socketMode } = config;
  started.use(await serveOnSocket(socket, app.routing, socketMode));
  // They end first: whoever is connected is told.
  started.use(sessions);
  const { configurationServer } = config;
  if (configurationServer !== undefined) void followDeployment(configurationServer, own, lifetime);
  const running = started.move();
  log.info({ socket, portal: config.portal, players: config.players }, 'serving');
  return { socket, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Every address that a part's name has now. */
async function addressesOf(origin: string): Promise<ReadonlySet<IpAddress>> {
  const { hostname } = new URL(origin);
  const literal = parseIpAddress(hostname.replace(/^\[|\]$/g, ''));
  if (literal !== undefined) return new Set([literal]);
  const found = await lookup(hostname, { all: true });
  return new Set(found.flatMap(({ address }) => parseIpAddress(address) ?? []));
}
