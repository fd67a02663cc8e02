import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** An ffmpeg or ffprobe that runs. */
export interface Running {
  readonly output: Readable;
  /** Resolves when it has ended: its exit status (null when killed), and the last of what it complained of. */
  readonly ended: Promise<{ readonly status: number | null; readonly complaints: string }>;
  /** Asks it to end at once, and makes sure. */
  stop(): void;
}

/** Most of a program's complaints that is kept, in characters. */
const mostComplaints = 16_384;

/** Starts a program without a shell; stdin is closed. Rejects through `ended` when it cannot be started. */
export function start(program: string, parameters: readonly string[]): Running {
  const child: ChildProcess & { stdout: Readable; stderr: Readable } = spawn(program, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-mostComplaints);
  });
  const ended = new Promise<{ status: number | null; complaints: string }>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${program} cannot be started: ${error.message}`)));
    child.once('close', (status) => resolve({ status, complaints: complaints.trim() }));
  });
  // Whoever waits gets the failure; nobody has to.
  ended.catch(() => {});
  return { output: child.stdout, ended, stop: () => void child.kill('SIGKILL') };
}

/** How ffmpeg reads an {@link RtspSource}: everything in one TCP connection, nothing guessed from long looks. */
export function readingFrom(url: string): string[] {
  return ['-nostdin', '-hide_banner', '-loglevel', 'warning', '-rtsp_transport', 'tcp', '-i', url];
}

/** Copies a source into a file whose kind its name tells. Ends when the source does. */
export function recordTo(file: string, url: string): Running {
  const recording = start('ffmpeg', [...readingFrom(url), '-map', '0', '-c', 'copy', '-y', file]);
  recording.output.resume();
  return recording;
}

/**
 * Copies a source into fragmented MP4 on `output`, as browsers play it: a header, then fragments of a fifth of a
 * second, none of which waits for the next key frame. The description tells all of the codecs, so hardly anything is
 * looked at before the first; no packet is thrown away for it.
 */
export function fragmentedMp4(url: string): Running {
  const flags = 'frag_keyframe+empty_moov+default_base_moof';
  return start('ffmpeg', [
    ...['-fpsprobesize', '0', '-probesize', '4096', '-analyzeduration', '0'],
    ...readingFrom(url),
    ...['-map', '0', '-c', 'copy', '-f', 'mp4', '-movflags', flags, '-frag_duration', '200000', '-flush_packets', '1'],
    'pipe:1',
  ]);
}

/** What a recording's decoding gave: frames by track, and what the decoders complained of. */
export interface Decoded {
  readonly frames: readonly number[];
  readonly complaints: string;
}

/** Decodes every frame of a recording and counts them, by track in the recording's order. */
export async function countFrames(file: string, signal: AbortSignal): Promise<Decoded> {
  const entries = ['-show_entries', 'stream=index,nb_read_frames', '-of', 'json'];
  const probe = start('ffprobe', ['-v', 'error', '-count_frames', ...entries, file]);
  const stop = () => probe.stop();
  signal.addEventListener('abort', stop, { once: true });
  let text = '';
  probe.output.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const { complaints } = await probe.ended;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  const { streams = [] } = JSON.parse(text || '{}') as { streams?: { nb_read_frames?: string }[] };
  return { frames: streams.map(({ nb_read_frames = '0' }) => Number(nb_read_frames)), complaints };
}
