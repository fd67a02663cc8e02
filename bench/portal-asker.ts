/**
 * A device without a certificate that asks a portal for the radio and leaves again, one after the other: runs inside a
 * home. Arguments: the portal's origin, the file of its authority's certificate, rounds. Prints one JSON line of
 * millisecond samples: the whole answer, and what of it the portal says that the media server's start took.
 */
import { readFileSync } from 'node:fs';
import { contentAnswer } from '@sluice/api';
import { httpsPeer } from '@sluice/io';

const [origin = '', authority = '', rounds = '0'] = process.argv.slice(2);
const tls = { ca: readFileSync(authority, 'utf8'), minVersion: 'TLSv1.3' } as const;
const peer = httpsPeer({ origin, tls, accepts: () => true, connections: 1 });
const answered: number[] = [];
const started: number[] = [];
const warmUp = 30;

for (let round = 0; round < Number(rounds) + warmUp; round++) {
  const requestId = `bench-${process.pid}-${round}`;
  const begun = performance.now();
  const json = { requestId, contentId: 'radio' };
  const { status, body } = await peer.ask('POST', '/v1/requests', json, AbortSignal.timeout(10_000));
  const ended = performance.now();
  if (status !== 200) throw new Error(`${status}: ${body.toString()}`);
  const { sessionId, steps } = contentAnswer.parse(JSON.parse(body.toString()));
  if (round >= warmUp) {
    answered.push(ended - begun);
    const at = (name: string) => steps.find(({ step }) => step === name)?.ms ?? Number.NaN;
    started.push(at('media-started') - at('gateway-configured'));
  }
  await peer.ask('DELETE', `/v1/requests/${sessionId}`, undefined, AbortSignal.timeout(10_000));
}
process.stdout.write(`${JSON.stringify({ answered, started })}\n`, () => process.exit());
