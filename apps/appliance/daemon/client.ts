import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { problem } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import type { SessionEvent } from './program-session.ts';
import type { ProgramAsk } from './program-sessions.ts';

/** Asks the daemon at a Unix socket for a content, and tells what becomes of it until it is over. Ends with `signal`. */
export async function* askDaemon(
  socketPath: string,
  ask: ProgramAsk,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent, Refusal | undefined> {
  const answer = await post(socketPath, '/v1/sessions', ask, signal);
  if (answer.statusCode !== 200) return refusalIn(await text(answer));
  try {
    for await (const line of createInterface({ input: answer })) yield JSON.parse(line) as SessionEvent;
  } finally {
    answer.destroy();
  }
  return undefined;
}

function post(socketPath: string, path: string, json: object, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asking = request({ socketPath, path, method: 'POST', headers, signal, agent: false }, resolve);
    asking.once('error', reject);
    asking.end(JSON.stringify(json));
  });
}

async function text(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function refusalIn(body: string): Refusal {
  const read = problem.safeParse(JSON.parse(body));
  return read.success
    ? refuse(read.data.code, read.data.message, read.data.subject)
    : refuse('part-unreachable', 'the daemon answers what it does not have');
}
