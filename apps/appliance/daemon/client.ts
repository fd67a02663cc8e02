import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { type Answer, problem, readAnswer } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import { z } from 'zod';
import type { Grant } from '../browser/origins.ts';
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

const websitesAnswer = z.object({ websites: z.array(z.object({ origin: z.string(), since: z.number() })) });

/** Which websites may ask, after one more was allowed or forgotten; as they are where `change` is left out. */
export async function websitesAt(
  socketPath: string,
  change: { readonly allow: string } | { readonly forget: string } | undefined,
  signal: AbortSignal,
): Promise<Answer<readonly Grant[]>> {
  let asked: Promise<IncomingMessage>;
  if (!change) asked = send(socketPath, 'GET', '/v1/websites', undefined, signal);
  else if ('allow' in change) asked = post(socketPath, '/v1/websites', { origin: change.allow }, signal);
  else asked = post(socketPath, '/v1/websites/forget', { origin: change.forget }, signal);
  const answer = await asked;
  const read = readAnswer('daemon', websitesAnswer, answer.statusCode ?? 0, Buffer.from(await text(answer)));
  return read.kind === 'refused' ? read : { kind: 'granted', value: read.value.websites };
}

function post(socketPath: string, path: string, json: object, signal: AbortSignal): Promise<IncomingMessage> {
  return send(socketPath, 'POST', path, json, signal);
}

function send(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  json: object | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = json ? { 'content-type': 'application/json' } : {};
    const asking = request({ socketPath, path, method, headers, signal, agent: false }, resolve);
    asking.once('error', reject);
    asking.end(json && JSON.stringify(json));
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
