import { randomBytes } from 'node:crypto';
import type { Driver } from '@sluice/driver';
import { sluiceDriver } from '@sluice/drivers/sluice';
import { uspDriver } from '@sluice/drivers/usp';
import { clientTls, peerIdentity, serverTls } from '@sluice/identity';
import { dialWebSocket, listenWebSocket, type WebSocketOptions } from '@sluice/mtp';
import { UspController } from '@sluice/usp-controller';
import { AddressBook } from '@sluice/usp-gateway';
import { openingParameter, portMappingTable } from '@sluice/wire/usp';
import { agentNews } from './agent-news.ts';
import { dialled } from './dialled.ts';
import type { DriverPorts } from './driver-ports.ts';

/** What speaks USP (TR-369) here: one controller under every driver of that language. */
export interface UspRoom extends AsyncDisposable {
  readonly drivers: readonly Driver[];
  /** Takes the connections of gateways from now on, until it is disposed of. */
  listen(): Promise<{ readonly port: number } & AsyncDisposable>;
}

/** Opens the USP controller; it takes no connection before it listens. */
export function uspRoom({ config, own, clock, log, news, calling, lifetime }: DriverPorts): UspRoom {
  const { identity, secure } = own;
  const opened = new AsyncDisposableStack();
  const webSocket: WebSocketOptions = {
    endpointId: identity.endpointId,
    clock,
    log,
    // An appliance's certificate is as good as a gateway's, yet it may not pass for one.
    identify(socket) {
      const peer = own.watch.admits(socket) ? peerIdentity(socket) : undefined;
      return peer?.role === 'gateway' ? peer.endpointId : undefined;
    },
  };
  const addressBook = new AddressBook();
  const controller: UspController = opened.use(
    new UspController({
      endpointId: identity.endpointId,
      clock,
      idPrefix: `${randomBytes(6).toString('hex')}-`,
      branches: ['Device.NAT.', 'Device.Firewall.'],
      listener: agentNews({ news, controller: () => controller, addressBook, log, lifetime }),
      dial: (agentId, url, until) =>
        dialled(dialWebSocket({ ...webSocket, url, tls: clientTls(identity), expectedPeer: agentId }, until)),
    }),
  );
  return {
    drivers: [sluiceDriver({ controller, clock, addressBook }), uspDriver({ controller, clock, addressBook })],
    async listen() {
      const ending = new AbortController();
      const until = AbortSignal.any([lifetime, ending.signal]);
      await using started = new AsyncDisposableStack();
      let { port } = config.usp;
      for (const host of config.usp.hosts) {
        const listener = await listenWebSocket(
          {
            ...webSocket,
            host,
            port,
            path: config.usp.path,
            tls: serverTls(identity),
            secure,
            ...(config.limits.gateways !== undefined && { maxConnections: config.limits.gateways }),
            onConnection(connection) {
              controller.take(connection);
              const { peer, from, closed } = connection;
              if (from !== undefined) calling.connected(peer, from, closed, (until) => typeOf(controller, peer, until));
            },
          },
          until,
        );
        port = listener.port;
        started.defer(() => {
          ending.abort(new Error('the configuration server ends'));
          return listener.closed;
        });
      }
      const listening = started.move();
      return { port, [Symbol.asyncDispose]: () => listening.disposeAsync() };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Whether a connected gateway runs our agent, by what its data model knows of openings. */
async function typeOf(controller: UspController, agentId: string, signal: AbortSignal): Promise<'sluice' | 'usp'> {
  const { supported } = await controller.reach(agentId, undefined, signal);
  return supported.get(`${portMappingTable}{i}.`)?.has(openingParameter.streamType) ? 'sluice' : 'usp';
}
