import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { type TLSSocket, Server as TlsServer } from 'node:tls';
import type { Cancel, Clock } from '@sluice/model';
import { addressGroup } from './address-group.ts';
import { Crowd, type Member } from './crowd.ts';
import { FairLine } from './fair-line.ts';
import { type AdmissionLimits, defaultLimits } from './limits.ts';

/** What admission goes by. */
export interface AdmissionOptions {
  readonly clock: Clock;
  readonly limits?: Partial<AdmissionLimits> | undefined;
  /** Where a connection comes from, where its own address does not tell: behind a proxy. */
  readonly addressOf?: (socket: Socket) => string | undefined;
}

/** What came to a port, by what became of it. */
export interface AdmissionCounts {
  /** Without a verified certificate, now. */
  readonly unproven: number;
  /** Made room for others. */
  readonly evicted: number;
  /** Said nothing in time. */
  readonly silent: number;
  /** Turned away before their handshake: their address had begun too many. */
  readonly shed: number;
}

/** A port that is watched. */
export interface Admission {
  /** The connection belongs to another protocol now (a WebSocket), which looks after it. */
  settle(socket: Socket): void;
  counts(): AdmissionCounts;
  /** Ends every connection but the settled ones: a server that closes waits for none that it does not know yet. */
  turnOutAll(): void;
}

/** What a guest is worth when room is needed. */
const worth = { silent: 0, idle: 1, handshaking: 2, busy: 3 } as const;
const second = 1_000;

interface Guest extends Member {
  readonly socket: Socket;
  readonly since: number;
  worth: number;
  proven: boolean;
  settled: boolean;
  requests: number;
}

/**
 * Has an HTTP server, with TLS or without, keep room for those who have something to say. To be called before it listens,
 * after everything else that wants its `connection` events has them.
 *
 * A connection costs no TLS before its first octet; then it waits for its turn, addresses by turns, so that however many
 * handshakes one address begins, another one's comes next. Where there are too many without a verified certificate, of
 * one address or altogether, the one goes that is worth least: that has said nothing yet, then that asks nothing, then
 * that is in its handshake; the oldest first. Time-outs of handshakes and requests are the server's own.
 */
export function admit(server: Server, { clock, limits, addressOf }: AdmissionOptions): Admission {
  const most = { ...defaultLimits, ...limits };
  const withTls = server instanceof TlsServer;
  const guests = new Map<string, Guest>();
  const unproven = new Crowd<Guest>({ ofOne: most.unprovenOfOne, altogether: most.unproven });
  const idle = new Crowd<Guest>({ ofOne: most.idleOfOne, altogether: most.idle });
  const silent = new Set<Guest>();
  const line = new FairLine<Guest>();
  const begun = new Map<string, number>();
  const takers = server.listeners('connection') as ((socket: Socket) => void)[];
  let serving = false;
  let sweeping: Cancel | undefined;
  let forgetting: Cancel = () => {};
  const counted = { evicted: 0, silent: 0, shed: 0 };

  const turnOut = (guest: Guest | undefined, why: keyof typeof counted) => {
    if (!guest) return;
    counted[why]++;
    // A reset leaves nothing behind in the kernel either.
    guest.socket.resetAndDestroy();
  };
  const forget = (name: string, guest: Guest) => {
    guests.delete(name);
    unproven.delete(guest);
    idle.delete(guest);
    line.delete(guest);
    unsilence(guest);
  };
  const unsilence = (guest: Guest) => {
    silent.delete(guest);
    if (silent.size > 0) return;
    sweeping?.();
    sweeping = undefined;
  };
  const sweep = () => {
    sweeping = undefined;
    const now = clock.now();
    for (const guest of silent) {
      if (now - guest.since < most.firstOctetMs) break;
      silent.delete(guest);
      turnOut(guest, 'silent');
    }
    const [oldest] = silent;
    if (oldest) sweeping = clock.after(Math.max(1, oldest.since + most.firstOctetMs - now), sweep);
  };

  const handOn = (guest: Guest) => {
    for (const taker of takers) taker.call(server, guest.socket);
  };
  const beginHandshake = (guest: Guest) => {
    const before = begun.get(guest.group) ?? 0;
    if (before >= most.handshakesOfOne) return turnOut(guest, 'shed');
    if (begun.size === 0) forgetting = clock.after(second, () => begun.clear());
    begun.set(guest.group, before + 1);
    handOn(guest);
  };
  const serve = () => {
    serving = false;
    for (let n = 0; n < most.handshakesAtOnce; n++) {
      const guest = line.next();
      if (!guest) return;
      if (!guest.socket.destroyed) beginHandshake(guest);
    }
    if (!line.isEmpty) serveSoon();
  };
  const serveSoon = () => {
    if (serving) return;
    serving = true;
    setImmediate(serve);
  };
  const queue = (guest: Guest) => {
    unsilence(guest);
    // The end came before anything else did.
    if (guest.socket.readableLength === 0) return void guest.socket.destroy();
    guest.worth = worth.handshaking;
    line.add(guest);
    serveSoon();
  };

  const welcome = (socket: Socket) => {
    const name = nameOf(socket);
    const group = addressGroup(addressOf ? addressOf(socket) : socket.remoteAddress);
    const since = clock.now();
    const guest: Guest = { socket, group, since, worth: worth.silent, proven: false, settled: false, requests: 0 };
    guests.set(name, guest);
    socket.once('close', () => forget(name, guest));
    // Before anybody else listens, a reset must not be an uncaught error.
    socket.on('error', () => socket.destroy());
    turnOut(unproven.add(guest), 'evicted');
    if (!withTls) return handOn(guest);
    if (socket.readableLength > 0) return queue(guest);
    silent.add(guest);
    sweeping ??= clock.after(most.firstOctetMs, sweep);
    socket.once('readable', () => queue(guest));
  };
  server.removeAllListeners('connection');
  server.on('connection', welcome);
  server.once('close', () => {
    sweeping?.();
    forgetting();
  });

  server.on('secureConnection', (socket: TLSSocket) => {
    const guest = guests.get(nameOf(socket));
    if (!guest || socket.destroyed) return;
    guest.worth = worth.idle;
    if (!socket.authorized) return;
    guest.proven = true;
    unproven.delete(guest);
    const before = begun.get(guest.group) ?? 0;
    if (before > 0) begun.set(guest.group, before - 1);
    if (!guest.settled) turnOut(idle.add(guest), 'evicted');
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const guest = guests.get(nameOf(request.socket));
    if (!guest || guest.settled) return;
    guest.requests++;
    guest.worth = worth.busy;
    if (guest.proven) idle.delete(guest);
    response.once('close', () => {
      if (--guest.requests > 0 || guest.settled || guest.socket.destroyed) return;
      guest.worth = worth.idle;
      turnOut((guest.proven ? idle : unproven).add(guest), 'evicted');
    });
  });

  return {
    settle(socket) {
      const guest = guests.get(nameOf(socket));
      if (!guest) return;
      guest.settled = true;
      unproven.delete(guest);
      idle.delete(guest);
    },
    counts: () => ({ unproven: unproven.size, ...counted }),
    turnOutAll() {
      for (const guest of guests.values()) if (!guest.settled) guest.socket.destroy();
    },
  };
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
