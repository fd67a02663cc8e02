/**
 * A portal that asks for sessions and closes them again, one after the other: runs inside the portal's namespace.
 * Arguments: identity directory, configuration server origin, rounds. Prints one JSON line of millisecond samples.
 */
import { clientTls, readIdentity } from '@sluice/identity';
import { httpsPeer } from '@sluice/io';

const [identityDirectory = '', origin = '', rounds = '0', request = '{}'] = process.argv.slice(2);
const identity = await readIdentity(identityDirectory);
const peer = httpsPeer({ origin, tls: clientTls(identity), accepts: () => true });
const body = JSON.parse(request) as object;
const asked: number[] = [];
const answered: number[] = [];
const warmUp = 30;

for (let round = 0; round < Number(rounds) + warmUp; round++) {
  const start = performance.now();
  const answer = await peer.ask(
    'POST',
    '/v1/sessions',
    { ...body, requestId: `bench-${process.pid}-${round}` },
    AbortSignal.timeout(10_000),
  );
  const end = performance.now();
  const session = JSON.parse(answer.body.toString()) as {
    sessionId: string;
    timeline: { at: number; step: string }[];
  };
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.body.toString()}`);
  if (round >= warmUp) {
    asked.push(end - start);
    const first = session.timeline[0]?.at ?? 0;
    answered.push((session.timeline.at(-1)?.at ?? 0) - first);
  }
  await peer.ask(
    'DELETE',
    `/v1/sessions/${session.sessionId}?reason=appliance-left`,
    undefined,
    AbortSignal.timeout(10_000),
  );
}
process.stdout.write(`${JSON.stringify({ asked, answered })}\n`, () => process.exit());
