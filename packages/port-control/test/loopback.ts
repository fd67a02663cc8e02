import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type IpAddress, parseIpAddress } from '@sluice/model';

/** What happens to one question instead of its answer. */
export type Mishap = (answer: Uint8Array | undefined, send: (bytes: Uint8Array) => void) => void;

/** What goes wrong with answers, by name; each with what was answered otherwise. */
export const mishaps = {
  lost: () => {},
  twice: (answer, send) => answer && [send(answer), send(answer)],
  garbage: (answer, send) => {
    send(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    if (answer) send(answer);
  },
  truncated: (answer, send) => answer && send(answer.subarray(0, answer.length - 8)),
  'of another request': (answer, send) => {
    if (!answer) return;
    const other = Uint8Array.from(answer);
    // The nonce of PCP, the internal port of NAT-PMP.
    const at = answer.length > 16 ? 24 : 8;
    other[at] = (other[at] ?? 0) ^ 0xff;
    send(other);
  },
  'a megabyte': (answer, send) => {
    for (let i = 0; i < 17; i++) send(new Uint8Array(61_681));
    if (answer) send(answer);
  },
  'a request': (_, send) => send(Uint8Array.of(2, 1, ...new Uint8Array(58))),
} satisfies Record<string, Mishap>;

/** A gateway's server on loopback, both IP versions on one port. */
export interface LoopbackServer extends AsyncDisposable {
  readonly port: number;
  /** Questions that came. */
  asked: number;
  /** What happens to the next questions, in order. */
  readonly mishaps: Mishap[];
  /** The next questions do not arrive. */
  deaf: number;
}

/** Serves `answer` at 127.0.0.1 and ::1, and where `families` says so at one of them. */
export async function serveOnLoopback(
  answer: (bytes: Uint8Array, from: IpAddress) => Uint8Array | undefined,
  families: readonly (4 | 6)[] = [4, 6],
): Promise<LoopbackServer> {
  for (;;) {
    const sockets: Socket[] = [];
    try {
      let port = 0;
      for (const family of families) {
        const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6 });
        sockets.push(socket);
        socket.bind(port, family === 4 ? '127.0.0.1' : '::1');
        await once(socket, 'listening');
        port = socket.address().port;
      }
      return serving(sockets, port, answer);
    } catch (error) {
      for (const socket of sockets) socket.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function serving(
  sockets: readonly Socket[],
  port: number,
  answer: (bytes: Uint8Array, from: IpAddress) => Uint8Array | undefined,
): LoopbackServer {
  const server: LoopbackServer = {
    port,
    asked: 0,
    mishaps: [],
    deaf: 0,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        sockets.map((socket) => {
          const closed = once(socket, 'close');
          socket.close();
          return closed;
        }),
      );
    },
  };
  for (const socket of sockets)
    socket.on('message', (bytes, from) => {
      server.asked++;
      if (server.deaf > 0) {
        server.deaf--;
        return;
      }
      const send = (reply: Uint8Array): void => socket.send(reply, from.port, from.address);
      const answered = answer(bytes, parseIpAddress(from.address) ?? '');
      const mishap: Mishap = server.mishaps.shift() ?? ((reply) => reply && send(reply));
      mishap(answered, send);
    });
  return server;
}
