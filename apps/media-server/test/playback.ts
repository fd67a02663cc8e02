import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import {
  answerTo,
  buildFrame,
  buildRtspMessage,
  parseTransport,
  RtspReader,
  type RtspRequest,
} from '@sluice/wire/rtsp';
import { parseSdp, sdpAttribute } from '@sluice/wire/sdp';

/** What ffprobe says of the streams of a recording, every frame of which it decoded. */
export interface Decoded {
  readonly codec_type: string;
  readonly nb_read_frames: string;
}

/**
 * Lets ffprobe decode received RTP datagrams: serves them over RTSP (PLAY, interleaved) as they came. Resolves with the
 * streams and with whatever ffprobe complained of.
 */
export async function decode(
  sdp: string,
  datagrams: readonly { readonly id: string; readonly bytes: Uint8Array }[],
): Promise<{ streams: Decoded[]; complaints: string }> {
  const ids = parseSdp(sdp).media.map(({ attributes }) => sdpAttribute(attributes, 'mid') ?? '');
  // A player asks for each medium under its control URL.
  const controlled = sdp.replaceAll(/a=mid:(\S+)\r\n/g, (line, id) => `${line}a=control:${ids.indexOf(id)}\r\n`);
  const channels = new Map<string, number>();
  const answer = (request: RtspRequest) => {
    if (request.method === 'DESCRIBE') {
      return answerTo(request, 200, 'OK', { 'content-type': 'application/sdp' }, new TextEncoder().encode(controlled));
    }
    if (request.method !== 'SETUP') return answerTo(request, 200, 'OK', { session: '1' });
    const channel = parseTransport(request.headers.get('transport') ?? '')[0]?.interleaved?.[0] ?? 0;
    channels.set(ids[Number(/\d+$/.exec(request.uri)?.[0])] ?? '', channel);
    const transport = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
    return answerTo(request, 200, 'OK', { session: '1', transport });
  };
  const server = createServer((socket) => {
    const reader = new RtspReader();
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const item of reader.push(bytes)) {
        if (item.kind !== 'request') continue;
        socket.write(buildRtspMessage(answer(item)));
        if (item.method !== 'PLAY') continue;
        for (const { id, bytes: datagram } of datagrams) socket.write(buildFrame(channels.get(id) ?? 0, datagram));
        socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  try {
    return await probe(`rtsp://127.0.0.1:${port}/recording`);
  } finally {
    server.close();
  }
}

function probe(url: string): Promise<{ streams: Decoded[]; complaints: string }> {
  const entries = ['-show_entries', 'stream=codec_type,nb_read_frames', '-of', 'json'];
  const child = spawn('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', '-count_frames', ...entries, url]);
  let out = '';
  let complaints = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ streams: JSON.parse(out).streams, complaints });
      else reject(new Error(`ffprobe ended with ${code}: ${complaints}`));
    });
  });
}
