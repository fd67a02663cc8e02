import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { type Authority, type Identity, openAuthority, serverTls } from '../index.ts';

type Ending = { after(act: () => Promise<void> | void): void };

/** A directory that goes with the test. */
export async function temporaryDirectory(t: Ending): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-identity-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** An authority that goes with the test. */
export async function temporaryAuthority(t: Ending, now?: () => number): Promise<Authority> {
  return openAuthority(await temporaryDirectory(t), now);
}

/** A TLS server on loopback for `identity`; resolves with its port. `prepare` comes before it serves. */
export async function serveTls(t: Ending, identity: Identity, prepare: (server: tls.Server) => void): Promise<number> {
  const server = tls.createServer(serverTls(identity), (socket) => {
    socket.on('error', () => {});
    socket.write('welcome');
  });
  prepare(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Whether the server greets who connects, or ends the connection. Gives back the connection where it does. */
export async function knock(options: tls.ConnectionOptions): Promise<tls.TLSSocket | undefined> {
  const socket = tls.connect({ host: '127.0.0.1', ...options });
  const ended = new Promise<'ended'>((resolve) => {
    socket.on('error', () => resolve('ended'));
    socket.on('close', () => resolve('ended'));
  });
  const greeted = once(socket, 'data').then(() => 'greeted' as const);
  greeted.catch(() => {});
  return (await Promise.race([ended, greeted])) === 'greeted' ? socket : undefined;
}

/** The ticket to resume this connection's TLS session with, once the server has sent it. */
export async function ticketOf(socket: tls.TLSSocket): Promise<Buffer> {
  const [ticket] = (await once(socket, 'session')) as [Buffer];
  return ticket;
}
