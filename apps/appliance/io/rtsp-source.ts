import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  answerTo,
  buildRtspMessage,
  buildTransport,
  frameHeader,
  parseTransport,
  RtspReader,
  type RtspRequest,
  type RtspResponse,
} from '@sluice/wire/rtsp';
import { buildSdp } from '@sluice/wire/sdp';
import type { Presentation } from '../receiving/tracks.ts';

/** What this device receives, for one player on this device: RTSP 1.0 with everything in its one TCP connection. */
export interface RtspSource extends AsyncDisposable {
  /** Only who knows it gets anything. */
  readonly url: string;
  /** Packets of the track with that place in the presentation. Kept until the player plays. */
  rtp(track: number, packets: readonly Uint8Array[]): void;
  rtcp(track: number, packet: Uint8Array): void;
  /** No more comes: the player gets what is left, then the end of the connection. */
  end(): void;
}

/** Most that waits for a player that is slow to come or to read, in octets. Beyond it packets are lost to it. */
const mostWaiting = 64 * 1024 * 1024;

/** Opens a source on a free port of 127.0.0.1. */
export async function openRtspSource(presentation: Presentation): Promise<RtspSource> {
  const path = `/${crypto.randomUUID()}`;
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let player: Socket | undefined;
  let ended = false;
  const sockets = new Set<Socket>();

  const finish = () => {
    if (ended) player?.end();
  };
  const write = (track: number, control: boolean, packets: readonly Uint8Array[]) => {
    const frames = packets.flatMap((packet) => [frameHeader(track * 2 + Number(control), packet.length), packet]);
    if (frames.length === 0 || ended) return;
    const bytes = Buffer.concat(frames);
    if (waitingBytes + (player?.writableLength ?? 0) + bytes.length > mostWaiting) return;
    if (player) player.write(bytes);
    else {
      waiting.push(bytes);
      waitingBytes += bytes.length;
    }
  };
  const begin = (socket: Socket) => {
    player = socket;
    for (const bytes of waiting.splice(0)) socket.write(bytes);
    waitingBytes = 0;
    finish();
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const reader = new RtspReader();
    socket.on('data', (bytes) => {
      try {
        for (const item of reader.push(bytes)) {
          if (item.kind !== 'request') continue;
          const response = answer(item, path, presentation, player !== undefined && player !== socket);
          socket.write(buildRtspMessage(response));
          if (item.method === 'PLAY' && response.status === 200 && player === undefined) begin(socket);
          if (item.method === 'TEARDOWN') socket.end();
        }
      } catch {
        // What is no RTSP ends its own connection.
        socket.destroy();
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `rtsp://127.0.0.1:${port}${path}`,
    rtp: (track, packets) => write(track, false, packets),
    rtcp: (track, packet) => write(track, true, [packet]),
    end() {
      ended = true;
      finish();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Track t speaks on channels 2t and 2t + 1, whatever the player proposes. */
function answer(request: RtspRequest, path: string, presentation: Presentation, isTaken: boolean): RtspResponse {
  const at = URL.canParse(request.uri) ? new URL(request.uri).pathname : request.uri;
  if (!at.startsWith(path)) return answerTo(request, 404, 'Not Found');
  if (isTaken) return answerTo(request, 453, 'Not Enough Bandwidth');
  switch (request.method) {
    case 'OPTIONS':
      return answerTo(request, 200, 'OK', { public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER' });
    case 'DESCRIBE': {
      const headers = { 'content-type': 'application/sdp', 'content-base': `${request.uri}/` };
      return answerTo(request, 200, 'OK', headers, new TextEncoder().encode(description(presentation)));
    }
    case 'SETUP': {
      const track = Number(/\/track=(\d{1,3})$/.exec(at)?.[1] ?? Number.NaN);
      const transport = parseTransport(request.headers.get('transport') ?? '').find((choice) => choice.interleaved);
      if (!presentation.tracks[track]) return answerTo(request, 404, 'Not Found');
      if (!transport) return answerTo(request, 461, 'Unsupported Transport');
      const interleaved = [track * 2, track * 2 + 1] as const;
      return answerTo(request, 200, 'OK', {
        session: '1;timeout=3600',
        transport: buildTransport({ protocol: 'RTP/AVP/TCP', delivery: 'unicast', mode: 'play', interleaved }),
      });
    }
    case 'PLAY':
    case 'GET_PARAMETER':
    case 'TEARDOWN':
      return answerTo(request, 200, 'OK', { session: '1' });
    default:
      return answerTo(request, 405, 'Method Not Allowed');
  }
}

function description({ description, tracks }: Presentation): string {
  const media = tracks.map(({ media: section }, track) => ({
    ...section,
    port: 0,
    attributes: [
      ...section.attributes.filter(({ name }) => name !== 'control' && name !== 'rtcp'),
      { name: 'control', value: `track=${track}` },
    ],
  }));
  const attributes = description.attributes.filter(({ name }) => name !== 'control' && name !== 'range');
  return buildSdp({ ...description, attributes, media });
}
