import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askDevice, searchLink } from '@sluice/io';
import { type Clock, familyOf } from '@sluice/model';
import type { IgdDriverPorts, IgdHome } from '../index.ts';
import type { SimulatedIgd, SimulatedReply } from './simulated-igd.ts';

/** The home that simulated gateways are in. */
export const simulatedHome: IgdHome = {
  gateways: [
    { address: '192.168.1.1', interface: 'eth0' },
    { address: 'fe80::1', interface: 'eth0' },
  ],
  prefixes: [
    { address: '192.168.1.2', length: 24 },
    { address: '2001:db8:100::2', length: 64 },
  ],
  addresses: [
    { address: '192.168.1.2', interface: 'eth0' },
    { address: '2001:db8:100::2', interface: 'eth0' },
  ],
};

/** Simulated gateways on loopback, and ports of a driver whose addresses lead there. */
export interface LoopbackGateways extends AsyncDisposable {
  readonly ports: IgdDriverPorts;
  /** Addresses that HTTP was sent to. */
  readonly reached: Set<string>;
  /** What was told of losses. */
  readonly told: readonly string[];
}

/** How the loopback is. */
export interface LoopbackOptions {
  readonly home?: IgdHome;
  /** Milliseconds that answers of a search are waited for, where not all answer; left out, as long as the driver says. */
  readonly windowMs?: number;
}

/**
 * Serves gateways over HTTP and UDP, each at its own `address`: what is sent to that goes to an address of loopback.
 * Over IPv6 there is one, the first.
 */
export async function loopbackGateways(
  clock: Clock,
  gateways: readonly SimulatedIgd[],
  { home = simulatedHome, windowMs }: LoopbackOptions = {},
): Promise<LoopbackGateways> {
  await using started = new AsyncDisposableStack();
  const places = await Promise.all(gateways.map((gateway, index) => serve(gateway, `127.0.0.${index + 1}`, started)));
  const servings = started.move();
  const reached = new Set<string>();
  const told: string[] = [];
  const placeOf = (address: string) =>
    familyOf(address) === 6 ? places[0] : places.find(({ gateway }) => gateway.address === address);
  return {
    reached,
    told,
    ports: {
      clock,
      home: () => home,
      random: () => 0,
      lost: (gatewayId, why) => void told.push(`${gatewayId}: ${why}`),
      async http({ from, ...request }, signal) {
        reached.add(request.address);
        const place = placeOf(request.address);
        if (!place) return { kind: 'not-sent', reason: 'ECONNREFUSED' };
        const headers = { ...request.headers, 'X-From': from ?? '' };
        return askDevice({ ...request, address: place.loopback, port: place.tcp, headers }, signal);
      },
      async *search(search, signal) {
        const overIpv6 = familyOf(search.from) === 6;
        const questions = search.questions.flatMap(({ to, bytes }) => {
          const isGroup = /^(239\.|ff02:)/.test(to.address);
          const heard = places.filter(({ gateway }) => isGroup || overIpv6 || gateway.address === to.address);
          return (overIpv6 ? heard.slice(0, 1) : heard).map(({ loopback, udp }) => ({
            to: { address: loopback, port: udp },
            bytes,
          }));
        });
        const there = { ...search, interface: 'lo', from: '127.0.0.1', questions, ...(windowMs && { windowMs }) };
        for await (const { from, bytes } of searchLink(there, signal)) {
          const place = places.find(({ loopback }) => loopback === from);
          yield { from: overIpv6 ? 'fe80::1' : (place?.gateway.address ?? from), bytes };
        }
      },
    },
    [Symbol.asyncDispose]: () => servings.disposeAsync(),
  };
}

async function serve(gateway: SimulatedIgd, loopback: string, started: AsyncDisposableStack) {
  const socket = createSocket('udp4');
  socket.on('message', (datagram, { port, address }) => {
    for (const answer of gateway.search(datagram)) socket.send(answer, port, address);
  });
  socket.bind(0, loopback);
  await once(socket, 'listening');
  started.defer(() => void socket.close());
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const header = (name: string) => String(request.headers[name] ?? '');
    const reply = gateway.answer({
      method: request.method ?? '',
      path: request.url ?? '',
      soapAction: header('soapaction'),
      body: Buffer.concat(pieces).toString(),
      from: header('x-from'),
    });
    await say(reply, response, gateway.server);
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  started.defer(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return { gateway, loopback, udp: socket.address().port, tcp: (server.address() as AddressInfo).port };
}

async function say(reply: SimulatedReply, response: ServerResponse, server: string): Promise<void> {
  if ('silence' in reply) {
    if (reply.silence === 'break') response.socket?.destroy();
    return;
  }
  if ('late' in reply) await reply.late;
  const status = 'status' in reply ? reply.status : 200;
  const location = 'location' in reply && reply.location !== undefined ? { Location: reply.location } : {};
  const length = Buffer.byteLength(reply.body);
  response.writeHead(status, { Server: server, 'Content-Length': length, ...location });
  if ('twice' in reply) response.socket?.cork();
  response.end(reply.body);
  if ('twice' in reply) {
    response.socket?.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${reply.body}`);
    response.socket?.uncork();
  }
}
