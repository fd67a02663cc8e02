// A USP controller as a process of its own, for a host of the lab: `controller-on-host.ts IDENTITY HOST SOCKET`.
// It listens for gateways at HOST:8445, and takes orders as HTTP on a Unix socket.
import { createServer } from 'node:http';
import { peerIdentity, readIdentity, serverTls } from '@sluice/identity';
import { openLog, systemClock } from '@sluice/io';
import { listenWebSocket } from '@sluice/mtp';
import { type Notification, UspController } from '@sluice/usp-controller';
import type { Order } from './controller-orders.ts';
import { requestOf } from './controller-orders.ts';

const [identityDirectory = '', host = '', socket = ''] = process.argv.slice(2);
const identity = await readIdentity(identityDirectory);
const ending = new AbortController();
const told: Notification[] = [];
const waiting = new Set<() => void>();
const news = (notification: Notification) => {
  told.push(notification);
  for (const wake of waiting) wake();
};

const controller = new UspController({
  endpointId: identity.endpointId,
  clock: systemClock,
  idPrefix: `${process.pid}-`,
  branches: ['Device.NAT.'],
  listener: {
    online() {},
    offline() {},
    booted() {},
    notified: (_, notification) => news(notification),
    troubled() {},
  },
});
await listenWebSocket(
  {
    host,
    port: 8445,
    path: '/usp',
    endpointId: identity.endpointId,
    clock: systemClock,
    log: openLog('controller', 'warn'),
    tls: serverTls(identity),
    identify: (tls) => peerIdentity(tls)?.endpointId,
    onConnection: (connection) => controller.take(connection),
  },
  ending.signal,
);

/** Runs an order; `online` waits for the gateway, `news` for a notification with that text in it. */
async function carryOut(order: Order): Promise<unknown> {
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
  switch (order.kind) {
    case 'online':
      while (!controller.online.includes(order.gatewayId)) await turn();
      return true;
    case 'news':
      for (;;) {
        const found = told.find((notification) => JSON.stringify(notification).includes(order.text));
        if (found) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    default:
      return controller.request(order.gatewayId, requestOf(order), AbortSignal.timeout(5_000));
  }
}

createServer(async (request, response) => {
  const order = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Order;
  const answer = await carryOut(order).catch((error: unknown) => ({ kind: 'failed', error: String(error) }));
  response.end(JSON.stringify(answer));
}).listen(socket, () => process.stdout.write('{"ready":"controller"}\n'));
process.once('SIGTERM', () => process.exit(0));
