import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startAnswer } from '@sluice/api';
import { parseRtcp, parseRtp } from '@sluice/wire/rtp';
import { parseSdp, sdpAttribute } from '@sluice/wire/sdp';
import { masterLength, SrtpReceiver } from '@sluice/wire/srtp';
import { testMediaServer } from './deployment.ts';

/** The one suite that Debian's ffmpeg shares with ours. */
const suite = 'AES_CM_128_HMAC_SHA1_80';
const limit = { timeout: 60_000 };

function ffmpeg(args: readonly string[], signal: AbortSignal): Promise<{ code: number | null; says: string }> {
  const child = spawn('ffmpeg', ['-hide_banner', '-nostdin', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  let says = '';
  child.stderr.on('data', (text) => {
    says += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, says }));
  });
}

async function boundPair(): Promise<readonly [Socket, Socket]> {
  for (;;) {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    const [even, odd] = sockets;
    even.bind({ address: '127.0.0.1', port: 0 });
    await once(even, 'listening');
    const { port } = even.address();
    const bound = new Promise<boolean>((resolve) => {
      odd.once('listening', () => resolve(true));
      odd.once('error', () => resolve(false));
    });
    odd.bind({ address: '127.0.0.1', port: port + 1 });
    if ((await bound) && port % 2 === 0) return sockets;
    even.close();
    odd.close();
  }
}

test('ffmpeg plays what the media server sends protected, and hears its goodbye', limit, async (t) => {
  await using media = await testMediaServer({ filmSeconds: 4, limits: { firstSpeakerMs: 2_500 } });
  const film = await media.content('film');
  const pairs = await Promise.all([boundPair(), boundPair()]);
  const first = pairs.map(([even]) => even.address().port);
  const ids = parseSdp(film.sdp ?? '').media.map(({ attributes }) => sdpAttribute(attributes, 'mid') ?? '');
  const streams = ids.flatMap((id, place) => [
    { id, to: { address: '127.0.0.1', port: first[place] ?? 0 } },
    { id: `${id}-rtcp`, to: { address: '127.0.0.1', port: (first[place] ?? 0) + 1 } },
  ]);
  for (const socket of pairs.flat()) socket.close();
  // So that ffmpeg has the time to begin: it is never the first to speak.
  const firstSpeaker = Object.fromEntries(streams.map(({ id }) => [id, 'appliance' as const]));
  const reply = await media.ask('POST', '/v1/starts', {
    ...{ sessionId: 'ffmpeg', contentId: 'film', streams, firstSpeaker },
    srtp: [suite],
  });
  const { keys } = startAnswer.parse(reply.json());
  let place = -1;
  const sdp = (film.sdp ?? '')
    .replaceAll('c=IN IP4 0.0.0.0', 'c=IN IP4 127.0.0.1')
    .replaceAll(/m=(\w+) 0 RTP\/AVP (.*)\r\n/g, (_, kind, formats) => {
      place++;
      const key = keys?.[ids[place] ?? '']?.server;
      return `m=${kind} ${first[place]} RTP/SAVP ${formats}\r\na=crypto:1 ${suite} inline:${key}\r\n`;
    });
  const file = join(media.directory, 'film.sdp');
  await writeFile(file, sdp);
  const input = ['-protocol_whitelist', 'file,udp,rtp,srtp', '-i', file];
  const { code, says } = await ffmpeg([...input, '-map', '0', '-f', 'null', '-'], t.signal);
  assert.equal(code, 0, says);
  const pictures = Number(
    /frame=\s*(\d+)[^\n]*$/.exec(
      says
        .replaceAll('\r', '\n')
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('frame=')) ?? '',
    )?.[1],
  );
  assert.ok(pictures > 25, says);
  assert.doesNotMatch(says, /HMAC mismatch|error while decoding|missed/i);
});

test('what ffmpeg sends protected is opened, RTP and RTCP', limit, async (t) => {
  const [rtp, rtcp] = await boundPair();
  const master = randomBytes(masterLength(suite));
  const receiver = new SrtpReceiver(suite, master);
  const packets: unknown[] = [];
  const reports: unknown[] = [];
  rtp.on('message', (bytes) => {
    const opened = receiver.unprotectRtp(bytes);
    packets.push(typeof opened === 'string' ? opened : parseRtp(opened)?.payloadType);
  });
  rtcp.on('message', (bytes) => {
    const opened = receiver.unprotectRtcp(bytes);
    reports.push(typeof opened === 'string' ? opened : parseRtcp(opened)?.[0]?.type);
  });
  const source = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=1', '-c:v', 'mpeg4'];
  const key = ['-srtp_out_suite', suite, '-srtp_out_params', master.toString('base64')];
  const { code, says } = await ffmpeg(
    [...source, '-f', 'rtp', ...key, `srtp://127.0.0.1:${rtp.address().port}`],
    t.signal,
  );
  assert.equal(code, 0, says);
  await new Promise((resolve) => setImmediate(resolve));
  rtp.close();
  rtcp.close();
  assert.ok(packets.length >= 25, `${packets.length} packets`);
  assert.ok(
    packets.every((type) => type === 96),
    String(packets.slice(0, 5)),
  );
  assert.ok(reports.length > 0 && reports.every((type) => type === 'sender-report'), String(reports));
});
