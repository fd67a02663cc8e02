import { Agent, type IncomingMessage, request } from 'node:http';
import { Unreachable } from '@sluice/driver';
import { answerDigest, parseDigestChallenge } from '@sluice/wire/http-auth';
import type { Login } from './device.ts';

/**
 * A connection request over HTTP (TR-069 3.2.2.1): GET, answered with 200 or 204, after Digest where the device asks for
 * it, on the same connection or on another. 503 is taken too: the device is in a session, or about to be. A password is
 * never shown, a redirection never followed. Throws `Unreachable`, or the signal's reason.
 */
export async function requestConnection(
  url: string,
  login: Login | undefined,
  cnonce: string,
  signal: AbortSignal,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const first = await get(url, agent, undefined, signal);
    if (isTaken(first)) return;
    if (first.statusCode !== 401 || !login) throw new Unreachable(`its answer was ${first.statusCode}`);
    const challenge = challengeIn(first);
    if (!challenge) throw new Unreachable('it asks for another proof than Digest');
    const { pathname, search } = new URL(url);
    const proof = answerDigest(challenge, { method: 'GET', uri: `${pathname}${search}`, cnonce }, login);
    const second = await get(url, agent, proof, signal).catch((error: unknown) => {
      // There are devices that close a connection after "who are you" without saying so.
      if (!(error instanceof ReusedConnectionLost)) throw error;
      return get(url, agent, proof, signal);
    });
    if (!isTaken(second)) throw new Unreachable(`its answer to our Digest was ${second.statusCode}`);
  } finally {
    agent.destroy();
  }
}

/** A connection that was there already is gone. */
class ReusedConnectionLost extends Unreachable {}

function isTaken({ statusCode }: IncomingMessage): boolean {
  return statusCode === 200 || statusCode === 204 || statusCode === 503;
}

function challengeIn({ headersDistinct }: IncomingMessage) {
  const headers = headersDistinct['www-authenticate'] ?? [];
  return headers.map(parseDigestChallenge).find((challenge) => challenge !== undefined);
}

/** One GET; what its answer has for a body is not read. */
function get(
  url: string,
  agent: Agent,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const sent = request(url, { agent, headers, signal, maxHeaderSize: 8_192 }, (answer) => {
      // A short body is let pass, so that the connection can be used again; a long one ends it.
      let octets = 0;
      answer.on('data', (bytes: Buffer) => {
        octets += bytes.length;
        if (octets > 16_384) answer.destroy();
      });
      answer.once('close', () => resolve(answer));
      answer.on('error', () => {});
    });
    sent.once('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      else reject(sent.reusedSocket ? new ReusedConnectionLost(error.message) : new Unreachable(error.message));
    });
    sent.end();
  });
}
