import { dirname, join } from 'node:path';
import { remoteAuthority } from '@sluice/api';
import { AuditLog, auditSettings, noAudit, Sparing } from '@sluice/audit';
import { clientTls, joinDeployment, type Membership, peerIdentity, serverTls } from '@sluice/identity';
import { httpsPeer, type Log, systemClock } from '@sluice/io';
import { type DataPlane, type Interfaces, openDataPlane } from '@sluice/kernel';
import type { Clock } from '@sluice/model';
import { dialWebSocket, keepDialed, listenWebSocket, type WebSocketOptions } from '@sluice/mtp';
import { accountedKeys } from './accounting/household-lines.ts';
import type { GatewayConfig } from './config.ts';
import { connectionDue } from './connection-due.ts';
import { LearnedKeys } from './consent/learned-keys.ts';
import { type KeptRules, keepRules } from './firewall/keep-rules.ts';
import { openGateway } from './gateway.ts';
import { Home } from './home/home.ts';
import { applianceFile } from './io/appliance-file.ts';
import { followHome } from './io/follow-home.ts';
import { serveHousehold } from './io/household-socket.ts';
import { gatewayRoom, serveIntroductions } from './io/introduction-server.ts';
import { MediaServers } from './io/media-servers.ts';
import { pauseMark } from './io/pause-mark.ts';
import { readPolicy } from './io/read-json.ts';

/** A gateway that serves. Disposing of it ends the agent and leaves what is open to the kernel, until its lease ends. */
export interface RunningGateway extends AsyncDisposable {
  readonly endpointId: string;
  /** Where controllers may connect; undefined where they may not. */
  readonly port?: number;
  readonly controlSocket: string;
}

/** The machine under a gateway. */
export interface Machine {
  readonly clock: Clock;
  openDataPlane(config: Pick<GatewayConfig, 'mode' | 'translates'>): DataPlane;
  /** Brings `home` up to date, and keeps it so until the signal aborts. */
  followHome(home: Home, clock: Clock, log: Log, signal: AbortSignal): Promise<void>;
}

/** This machine: its kernel, its addresses, its time. Needs CAP_NET_ADMIN. */
export const thisMachine: Machine = {
  clock: systemClock,
  openDataPlane: ({ mode, translates }) => openDataPlane({ mode, ...(!translates && { translates }) }),
  followHome,
};

/**
 * Closes the home but for what its kernel holds already; no agent is needed for it to stay so. Throws as
 * `DataPlane.load` does.
 */
export function closeHome(
  { interfaces, listen, ...place }: Pick<GatewayConfig, 'interfaces' | 'listen' | 'mode' | 'translates'>,
  machine: Pick<Machine, 'openDataPlane'> = thisMachine,
): 'loaded' | 'adopted' {
  using dataPlane = machine.openDataPlane(place);
  // An agent may be running: the port that it serves on stays reachable.
  return dataPlane.load({ ...interfaces, listening: listen?.port ? [listen.port] : [] });
}

/**
 * Starts a gateway; resolves when it serves. The kernel is closed, but for what it holds already, before anything else
 * happens. Throws where the identity, the policy, the kernel or the control socket is not as it must be.
 */
export async function runGateway(
  config: GatewayConfig,
  log: Log,
  signal: AbortSignal,
  machine: Machine = thisMachine,
): Promise<RunningGateway> {
  const { clock } = machine;
  const policy = await readPolicy(config);
  const ending = new AbortController();
  const lifetime = ending.signal;

  await using started = new AsyncDisposableStack();
  const own = started.use(await joinOwn(config, log));
  const { identity } = own;
  const { endpointId } = identity;
  const dataPlane = started.use(machine.openDataPlane(config));
  let interfaces: Interfaces = config.interfaces;
  const load = () => dataPlane.load(interfaces);
  log.info({ skeleton: load(), interfaces }, 'closed');
  const audit = config.audit && started.use(new AuditLog(auditSettings(config.audit), { identity, clock, log }));
  // The other way round at the end: the agent says goodbye on every connection, they are cut, and then they are over.
  const ends: Promise<void>[] = [];
  started.defer(async () => {
    await Promise.all(ends);
  });
  started.defer(() => ending.abort(new Error('the gateway ends')));
  const home = new Home(config.interfaces);
  await machine.followHome(home, clock, log, AbortSignal.any([lifetime, signal]));

  const pause = pauseMark(join(dirname(config.controlSocket), `${endpointId.replace(/[^\w-]+/g, '_')}.paused`));
  const keys = new LearnedKeys(applianceFile(config.state));
  const ownPorts = [config.introductions.port, ...(config.listen ? [config.listen.port] : [])];
  const { device, translates } = config;
  const mediaServers = started.use(new MediaServers(own, clock, log));
  let rules: KeptRules | undefined;
  const gateway = started.use(
    openGateway({
      ...{ endpointId, policy, device, translates, dataPlane, home, clock, pause, keys, log, ownPorts },
      ...(audit && { audit }),
      startMedia: (start, opened) => mediaServers.tell(start, opened),
      firewall: () => rules?.state,
    }),
  );
  rules = started.use(
    keepRules({ dataPlane, clock, log, load, audit: audit ?? noAudit, onLost: () => gateway.openings.lookForAll() }),
  );
  log.info(rules.state, 'how the rules stand');
  await serveHousehold(config.controlSocket, gateway.desk, log, lifetime);
  // No other agent is here; nobody waits for its disk.
  void audit?.flushed();
  try {
    const served = await serveIntroductions(
      identity,
      config.introductions.port,
      { home, keys: accountedKeys(keys, audit ?? noAudit, new Sparing(clock, 60, 60_000)), clock },
      log,
      own.secure,
    );
    started.use(served);
    log.info({ port: served.port }, 'appliances may introduce themselves');
  } catch (error) {
    // What is known stays known, and every other device is served as before.
    log.error({ port: config.introductions.port, error: String(error) }, 'appliances cannot introduce themselves');
  }

  const channel: WebSocketOptions = { endpointId, clock, log, identify: controllerOf(own) };
  const permitted = new Set(policy.controllers?.map((controller) => controller.endpointId));
  const onConnection = gateway.attach;
  for (const { endpointId: expectedPeer, url } of config.controllers) {
    if (!permitted.has(expectedPeer)) {
      log.warn({ controller: expectedPeer }, 'not dialled: the policy does not name it');
      continue;
    }
    const dial = (until: AbortSignal) =>
      dialWebSocket({ ...channel, url, tls: clientTls(identity), expectedPeer }, until);
    const due = (over: AbortSignal) => connectionDue(own, expectedPeer, over);
    ends.push(keepDialed({ dial, policy: config.redial, clock, log, onConnection, due }, lifetime));
  }
  const listening =
    config.listen &&
    (await listenWebSocket(
      {
        ...channel,
        ...config.listen,
        tls: serverTls(identity),
        secure: own.secure,
        room: gatewayRoom,
        accept: (peer) => permitted.has(peer),
        onConnection,
      },
      lifetime,
    ));
  if (listening) {
    ends.push(listening.closed);
    interfaces = { ...config.interfaces, listening: [listening.port] };
    load();
  }
  if (config.configurationServer !== undefined) ends.push(followAuthority(own, config.configurationServer, lifetime));
  const running = started.move();
  return {
    endpointId,
    ...(listening && { port: listening.port }),
    controlSocket: config.controlSocket,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function joinOwn({ identity, endpointId }: GatewayConfig, log: Log): Promise<Membership> {
  // Certificates count by the time of day, whatever clock the gateway's leases go by.
  const own = await joinDeployment({ directory: identity, clock: systemClock, log });
  const { role, endpointId: named } = own.identity;
  if (role !== 'gateway') throw new Error(`${identity}: the certificate is for a ${role}, not for a gateway`);
  if (endpointId !== undefined && endpointId !== named)
    throw new Error(`${identity}: the certificate is for ${named}, not for ${endpointId}`);
  return own;
}

/** Renews the certificate, and hears of revocations, until the signal aborts. */
async function followAuthority(own: Membership, origin: string, signal: AbortSignal): Promise<void> {
  const identify = controllerOf(own);
  await using peer = httpsPeer({
    origin,
    tls: clientTls(own.identity),
    accepts: (socket) => identify(socket) !== undefined,
    connections: 2,
  });
  await own.follow(remoteAuthority({ name: 'configuration server', peer, clock: systemClock }), signal);
}

/** A certificate of another part does not make its holder a controller, whatever its endpoint id. */
function controllerOf({ watch }: Membership): WebSocketOptions['identify'] {
  return (socket) => {
    const peer = watch.admits(socket) ? peerIdentity(socket) : undefined;
    return peer?.role === 'configuration-server' ? peer.endpointId : undefined;
  };
}
