import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { admit } from '@sluice/admission';
import type { ConnectionEndsReader } from '@sluice/io';
import { buildRtspMessage, RtspReader, type RtspRequest } from '@sluice/wire/rtsp';
import { liveSessions } from '../live-sessions.ts';
import type { Deciding } from '../verdict.ts';
import { Conversation, sessionTimeoutSeconds } from './conversation.ts';

/** Where players knock. */
export interface RtspDoorOptions {
  readonly hosts: readonly string[];
  /** 0 takes a free one. */
  readonly port: number;
  /** Most connections at once, those of players who play among them. */
  readonly connections: number;
  /** Tells the ends of connections. */
  readonly ends: ConnectionEndsReader;
}

/** RTSP 1.0 (RFC 2326) being served to players. Disposing closes every connection, and what was opened for it. */
export interface RtspDoor extends AsyncDisposable {
  readonly port: number;
}

/** Most requests that wait for the one before. */
const mostWaiting = 32;

/**
 * Serves players that know nothing of Sluice: their SETUP, client ports and all, is the content request. Their RTSP
 * connection is the flow that the request left the home in. Rejects when the port cannot be taken.
 */
export async function openRtspDoor(parts: Deciding, options: RtspDoorOptions): Promise<RtspDoor> {
  await using started = new AsyncDisposableStack();
  const live = started.use(liveSessions(parts.configuration, parts.clock, parts.lifetime));
  const talks = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  started.defer(async () => {
    // A server is closed when the last of its connections is.
    const closed = servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve())));
    for (const socket of sockets) socket.destroy();
    await Promise.allSettled([...talks, ...closed]);
  });
  let { port } = options;
  for (const host of options.hosts) {
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const ends = options.ends.of(socket);
      if (!ends || sockets.size > options.connections) return void socket.destroy();
      const viewer = {
        // Whoever speaks RTSP shows no certificate: it is who comes from there, and is registered as such.
        applianceId: `player:${ends.remote.address}`,
        flow: { portal: ends.local, observed: ends.remote },
      };
      const conversation = new Conversation(
        viewer,
        parts,
        live,
        () => socket.destroy(),
        () => admission.settle(socket),
      );
      const talk = hold(socket, conversation, parts).finally(() => talks.delete(talk));
      talks.add(talk);
    });
    // Whoever has a home opened stays; who only knocks makes room for others.
    const admission = admit(server, {
      clock: parts.clock,
      addressOf: (socket) => options.ends.of(socket)?.remote.address,
    });
    options.ends.guard(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, ipv6Only: false }, resolve);
    });
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  const serving = started.move();
  return { port, [Symbol.asyncDispose]: () => serving.disposeAsync() };
}

/** Reads requests and writes responses in their order until the connection ends; then what was opened for it is closed. */
async function hold(socket: Socket, conversation: Conversation, { log, lifetime }: Deciding): Promise<void> {
  const reader = new RtspReader();
  const waiting: RtspRequest[] = [];
  let busy: Promise<void> | undefined;
  socket.setTimeout(sessionTimeoutSeconds * 1_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  const work = async (): Promise<void> => {
    for (let request = waiting.shift(); request && !socket.destroyed; request = waiting.shift()) {
      const response = await conversation.answer(request);
      if (!socket.destroyed) socket.write(buildRtspMessage(response));
    }
  };
  socket.on('data', (bytes) => {
    try {
      // Frames and responses are of no use here: nothing is asked of a player, and nothing interleaved is taken.
      for (const item of reader.push(bytes)) if (item.kind === 'request') waiting.push(item);
    } catch {
      socket.destroy();
    }
    if (waiting.length > mostWaiting) return void socket.destroy();
    busy ??= work()
      .catch((error: unknown) => {
        if (!lifetime.aborted) log.error({ error: String(error) }, 'a player could not be answered');
        socket.destroy();
      })
      .finally(() => {
        busy = undefined;
      });
  });
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await busy;
  await conversation.end();
}
