/** The process behind {@link seatOperator}: a client inside a host's namespace, spoken to over Node's IPC channel. */
import { clientTls, readIdentity } from '@sluice/identity';
import { type HttpsPeer, httpsPeer } from '@sluice/io';
import type { DeskAnswer, DeskQuestion } from './operator.ts';

const identity = await readIdentity(process.argv[2] ?? '.');
const peers = new Map<string, HttpsPeer>();

async function answer({ number, method, url, json }: DeskQuestion): Promise<DeskAnswer> {
  const { origin, pathname, search } = new URL(url);
  const peer = peers.get(origin) ?? httpsPeer({ origin, tls: clientTls(identity), accepts: () => true });
  peers.set(origin, peer);
  try {
    const { status, contentType, body } = await peer.ask(method, pathname + search, json, AbortSignal.timeout(30_000));
    return { number, status, body: contentType.includes('json') ? JSON.parse(body.toString()) : undefined };
  } catch (error) {
    return { number, error: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', (question: DeskQuestion) => {
  void answer(question).then((found) => process.send?.(found));
});
process.on('disconnect', () => process.exit());
