import { createServer, type Socket } from 'node:net';
import {
  answerTo,
  buildFrame,
  buildRtspMessage,
  buildTransport,
  parseTransport,
  RtspReader,
  type RtspRequest,
} from '@sluice/wire/rtsp';

/** A place on loopback that takes one RTSP push (RFC 2326 ANNOUNCE, SETUP, RECORD over one TCP connection). */
export interface RtspReceiver extends AsyncDisposable {
  /** Where to push to; only who knows it may. */
  readonly url: string;
  /**
   * What was pushed, as RTSP octets: the ANNOUNCE with its SDP, then every interleaved packet. Resolves when the pusher
   * is through. Rejects when what came is no RTSP push, is larger than `mostBytes`, or when the signal ends it.
   */
  readonly pushed: Promise<Uint8Array>;
}

/** Opens a receiver for one push. `name` (A-Z a-z 0-9 -) becomes part of the URL. */
export async function openRtspReceiver(name: string, mostBytes: number, signal: AbortSignal): Promise<RtspReceiver> {
  const path = `/${name}-${crypto.randomUUID()}`;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  // Whoever pushes may fail before anyone waits for the outcome.
  promise.catch(() => {});
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const push = new Push(path, mostBytes);
    socket.on('data', (bytes) => {
      try {
        for (const answer of push.take(bytes)) socket.write(answer);
        if (push.done) {
          socket.end();
          resolve(push.pushed());
        }
      } catch (error) {
        // A stranger on loopback without the path ends its own connection only.
        if (push.ours) reject(error);
        socket.destroy();
      }
    });
    socket.on('end', () => {
      if (push.ours && !push.done) reject(new Error('the RTSP push ended before it was through'));
      socket.end();
    });
  });
  const stop = () => {
    reject(signal.reason);
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen({ host: '127.0.0.1', port: 0 }, listening);
  });
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  return {
    url: `rtsp://127.0.0.1:${port}${path}`,
    pushed: promise,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', stop);
      reject(new Error('the RTSP receiver was closed'));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

/** One connection's push. */
class Push {
  readonly #path: string;
  readonly #mostBytes: number;
  readonly #reader = new RtspReader();
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  ours = false;
  done = false;

  constructor(path: string, mostBytes: number) {
    this.#path = path;
    this.#mostBytes = mostBytes;
  }

  /** Takes octets; gives the answers to send. */
  take(bytes: Uint8Array): readonly Uint8Array[] {
    const answers: Uint8Array[] = [];
    for (const item of this.#reader.push(bytes)) {
      if (item.kind === 'frame') this.#keep(buildFrame(item.channel, item.payload));
      else if (item.kind === 'request') answers.push(buildRtspMessage(this.#answer(item)));
    }
    return answers;
  }

  pushed(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#mostBytes) throw new Error(`more than ${this.#mostBytes} octets of media`);
    this.#parts.push(part);
  }

  #answer(request: RtspRequest) {
    if (!new URL(request.uri).pathname.startsWith(this.#path)) return answerTo(request, 404, 'Not Found');
    this.ours = true;
    switch (request.method) {
      case 'OPTIONS':
        return answerTo(request, 200, 'OK', { public: 'OPTIONS, ANNOUNCE, SETUP, RECORD, TEARDOWN' });
      case 'ANNOUNCE':
        this.#keep(buildRtspMessage(request));
        return answerTo(request, 200, 'OK');
      case 'SETUP': {
        const transport = parseTransport(request.headers.get('transport') ?? '').find((choice) => choice.interleaved);
        if (!transport) return answerTo(request, 461, 'Unsupported Transport');
        return answerTo(request, 200, 'OK', { session: '1', transport: buildTransport(transport) });
      }
      case 'RECORD':
        return answerTo(request, 200, 'OK', { session: '1' });
      case 'TEARDOWN':
        this.done = true;
        return answerTo(request, 200, 'OK', { session: '1' });
      default:
        return answerTo(request, 405, 'Method Not Allowed');
    }
  }
}
