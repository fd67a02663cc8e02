import { chmodSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Problem } from '@sluice/api';
import type { Log } from '@sluice/io';
import { answerHousehold, type DeskAnswer, type DeskGround } from '../household/desk.ts';

/**
 * Serves the household on a Unix socket that only its owner may use (mode 0600), until the signal aborts. Rejects
 * where the socket cannot be made, or another agent serves there.
 */
export async function serveHousehold(path: string, ground: DeskGround, log: Log, signal: AbortSignal): Promise<void> {
  if (await isServed(path)) throw new Error(`another gateway agent serves at ${path}`);
  mkdirSync(dirname(path), { recursive: true });
  removeFile(path);
  const server = createServer((incoming, response) => {
    incoming.resume();
    let answer: DeskAnswer;
    try {
      answer = answerHousehold(incoming.method ?? '', incoming.url ?? '', ground);
    } catch (error) {
      log.error({ error: String(error) }, 'the household could not be answered');
      answer = { status: 503, body: { code: 'gateway-refused', message: 'the kernel does not answer' } };
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is made during this call: nobody else can use it for even a moment.
    const before = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(before);
  });
  chmodSync(path, 0o600);
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
}

/** Asks the agent behind the socket; its answer's body, or the problem it tells. Rejects where nobody serves there. */
export function askHousehold(
  path: string,
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly problem: Problem }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, method, path: url, signal }, async (response) => {
      try {
        const body: unknown = JSON.parse(Buffer.concat(await response.toArray()).toString());
        const ok = response.statusCode === 200;
        resolve(ok ? { ok, body } : { ok, problem: body as Problem });
      } catch (error) {
        reject(error);
      }
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
          ? new Error(`no gateway agent serves at ${path}; is "sluice gateway run" running, with this controlSocket?`)
          : error,
      ),
    );
    asked.end();
  });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = connect(path);
    trial.on('connect', () => {
      trial.destroy();
      resolve(true);
    });
    trial.on('error', () => resolve(false));
  });
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
