import { spawn } from 'node:child_process';

/** ffmpeg did not do what it was asked; the message has its last words. */
export class FfmpegFailed extends Error {
  override readonly name = 'FfmpegFailed';
}

const longestReport = 2_000;

/** Runs ffmpeg to its end. Throws {@link FfmpegFailed}, or the signal's reason when that ends it. */
export async function runFfmpeg(args: readonly string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let report = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    report = (report + text).slice(-longestReport);
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  child.on('error', (error: NodeJS.ErrnoException) =>
    reject(
      new FfmpegFailed(
        error.code === 'ENOENT'
          ? 'ffmpeg is not installed, and media is made with it: apt install ffmpeg'
          : `ffmpeg cannot be run: ${error.message}`,
      ),
    ),
  );
  child.on('close', (code, killer) => {
    if (signal.aborted) reject(signal.reason);
    else if (code === 0) resolve();
    else reject(new FfmpegFailed(`ffmpeg ended with ${code ?? killer}: ${report.trim() || 'no word'}`));
  });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
