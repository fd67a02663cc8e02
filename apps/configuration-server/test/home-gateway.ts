import { clientTls, type Identity, peerIdentity, serverTls } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { dialWebSocket, listenWebSocket, type UspConnection } from '@sluice/mtp';
import type { Agent } from '@sluice/usp-agent';
import { wholeGateway } from '../../../packages/drivers/sluice/test/whole-gateway.ts';
import type { Deployment } from './deployment.ts';

/** A home's gateway with all its parts, but for packets, that dials the configuration server over real TLS. */
export interface HomeGateway extends AsyncDisposable {
  readonly gateway: ReturnType<typeof wholeGateway>;
  /** Connects; resolves when the configuration server has put the gateway right. */
  connect(): Promise<void>;
  /** Listens for controllers, in place of dialling; resolves to its URL. */
  listen(): Promise<string>;
  /** Loses the connection; the rows stay. */
  disconnect(): Promise<void>;
  /** The agent starts anew over the same rows, as after a crash of its process. */
  restartAgent(): void;
  /** Loses the connection at the next message that comes in, before (`unread`) or after (`done`) it is acted on. */
  dieAtNextMessage(how: 'unread' | 'done'): void;
  /** Openings held, by id. */
  held(): string[];
}

/** Registers a gateway with the appliance `self::tv-a` behind it; it is not connected yet. */
export async function homeGateway(
  deployment: Deployment,
  options: { policy?: object; communication?: object; endpointId?: string } = {},
): Promise<HomeGateway> {
  const { policy, communication = {}, endpointId = 'self::gateway-a' } = options;
  await deployment.ask('operator', 'PUT', `/v1/gateways/${endpointId}`, { type: 'sluice', communication });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: endpointId });
  const identity: Identity = await deployment.issue(endpointId, 'gateway');
  const gateway = wholeGateway({
    endpointId,
    controllers: ['self::configuration-1'],
    clock: systemClock,
    ...(policy && { policy }),
  });
  let agent: Agent = gateway.start();
  const ending = new AbortController();
  let connection: UspConnection | undefined;
  let death: 'unread' | 'done' | undefined;

  const dying = (real: UspConnection): UspConnection => ({
    local: real.local,
    peer: real.peer,
    closed: real.closed,
    send: (record) => real.send(record),
    close: (code, reason) => real.close(code, reason),
    receive: (receiver) =>
      real.receive((record) => {
        const how = death;
        death = undefined;
        if (how !== 'unread') receiver(record);
        if (how) real.close();
      }),
  });

  return {
    gateway,
    async connect() {
      connection = dying(
        await dialWebSocket(
          {
            endpointId,
            identify: (socket) => peerIdentity(socket)?.endpointId,
            clock: systemClock,
            log: silentLog,
            url: `wss://127.0.0.1:${deployment.server.uspPort}/usp`,
            tls: clientTls(identity),
            expectedPeer: 'self::configuration-1',
          },
          AbortSignal.timeout(5_000),
        ),
      );
      agent.attach(connection);
      await eventually(async () => {
        const { body } = await deployment.ask('operator', 'GET', `/v1/gateways/${endpointId}`);
        return body.online === true && (body.global as string[]).length > 0;
      });
    },
    async listen() {
      const { port } = await listenWebSocket(
        {
          endpointId,
          identify: (socket) => peerIdentity(socket)?.endpointId,
          clock: systemClock,
          log: silentLog,
          host: '127.0.0.1',
          port: 0,
          path: '/usp',
          tls: serverTls(identity),
          onConnection: (accepted) => agent.attach(accepted),
        },
        ending.signal,
      );
      return `wss://127.0.0.1:${port}/usp`;
    },
    async disconnect() {
      connection?.close();
      await connection?.closed;
    },
    restartAgent() {
      agent.close();
      agent = gateway.start();
    },
    dieAtNextMessage(how) {
      death = how;
    },
    held: () => gateway.dataPlane.read().map(({ tag }) => tag.split('|')[0] ?? ''),
    async [Symbol.asyncDispose]() {
      ending.abort();
      agent.close();
      gateway.openings[Symbol.dispose]();
      await connection?.closed;
    },
  };
}

/** Waits for what comes about by itself; fails after 5 s. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = systemClock.now() + 5_000;
  while (!(await holds())) {
    if (systemClock.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
