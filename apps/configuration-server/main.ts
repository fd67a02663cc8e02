import { randomBytes, randomInt } from 'node:crypto';
import { type Control, openControl } from '@sluice/control';
import { AddressBook, sluiceDriver } from '@sluice/drivers/sluice';
import { clientTls, peerIdentity, readIdentity, serverTls } from '@sluice/identity';
import { type Log, systemClock } from '@sluice/io';
import { dialWebSocket, listenWebSocket, type WebSocketOptions } from '@sluice/mtp';
import { openSqliteStore } from '@sluice/store';
import { UspController } from '@sluice/usp-controller';
import { agentNews } from './agent-news.ts';
import type { ConfigurationServerConfig } from './config.ts';
import { dialled } from './dialled.ts';
import { configurationApi } from './http/app.ts';
import { serveHttps } from './http/serve.ts';
import { controlSettings } from './settings.ts';

/** A configuration server that serves. Disposing of it stops serving; openings stay until their leases end. */
export interface RunningConfigurationServer extends AsyncDisposable {
  /** Of the HTTPS API. */
  readonly apiPort: number;
  /** Where gateways connect to. */
  readonly uspPort: number;
}

/**
 * Starts a configuration server; resolves when it serves. Throws when the identity or the database cannot be read, or
 * a port not be taken.
 */
export async function runConfigurationServer(
  config: ConfigurationServerConfig,
  log: Log,
  signal: AbortSignal,
): Promise<RunningConfigurationServer> {
  const identity = await readIdentity(config.identity);
  const ending = new AbortController();
  const lifetime = AbortSignal.any([signal, ending.signal]);
  await using started = new AsyncDisposableStack();
  started.defer(() => ending.abort(new Error('the configuration server ends')));

  const webSocket: WebSocketOptions = {
    endpointId: identity.endpointId,
    clock: systemClock,
    log,
    // An appliance's certificate is as good as a gateway's, yet it may not pass for one.
    identify(socket) {
      const peer = peerIdentity(socket);
      return peer?.role === 'gateway' ? peer.endpointId : undefined;
    },
  };
  const addressBook = new AddressBook();
  let control: Control | undefined;
  const controller: UspController = started.use(
    new UspController({
      endpointId: identity.endpointId,
      clock: systemClock,
      idPrefix: `${randomBytes(6).toString('hex')}-`,
      branches: ['Device.NAT.', 'Device.Firewall.'],
      listener: agentNews({ control: () => control, controller: () => controller, addressBook, log, lifetime }),
      dial: (agentId, url, until) =>
        dialled(dialWebSocket({ ...webSocket, url, tls: clientTls(identity), expectedPeer: agentId }, until)),
    }),
  );
  const store = started.use(await openSqliteStore({ file: config.database, log }));
  const driver = sluiceDriver({ controller, clock: systemClock, addressBook });
  control = started.use(
    await openControl(
      { store, clock: systemClock, log, drivers: [driver], random: strongRandom },
      controlSettings(config),
    ),
  );

  let uspPort = config.usp.port;
  for (const host of config.usp.hosts) {
    const listening = await listenWebSocket(
      {
        ...webSocket,
        host,
        port: uspPort,
        path: config.usp.path,
        tls: serverTls(identity),
        ...(config.limits.gateways !== undefined && { maxConnections: config.limits.gateways }),
        onConnection: (connection) => controller.take(connection),
      },
      lifetime,
    );
    uspPort = listening.port;
    started.defer(() => {
      ending.abort(new Error('the configuration server ends'));
      return listening.closed;
    });
  }

  const app = await configurationApi({ control, clock: systemClock, log, bodyBytes: config.limits.bodyBytes });
  started.defer(() => app.close());
  let apiPort = config.api.port;
  for (const host of config.api.hosts) {
    const serving = started.use(
      await serveHttps(app, { host, port: apiPort, tls: serverTls(identity), ...config.limits }),
    );
    apiPort = serving.port;
  }
  const running = started.move();
  log.info({ apiPort, uspPort, endpointId: identity.endpointId }, 'serving');
  return { apiPort, uspPort, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Uniform in [0, 1) from the platform's strong source, which `randomInt` reads many at a call. */
function strongRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
