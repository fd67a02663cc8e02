/**
 * A portal that asks for sessions and closes them again, one after the other: runs inside the portal's namespace.
 * Arguments: identity directory, configuration server origin, rounds, the request, and the identity directory of the
 * device that signs, or nothing. Prints one JSON line of millisecond samples.
 */
import type { SessionRequest } from '@sluice/api';
import { signConsent, signingKey } from '@sluice/consent';
import { clientTls, readIdentity } from '@sluice/identity';
import { httpsPeer } from '@sluice/io';

const [portalDirectory = '', origin = '', rounds = '0', request = '{}', deviceDirectory] = process.argv.slice(2);
const portal = await readIdentity(portalDirectory);
const device = deviceDirectory === undefined ? undefined : await readIdentity(deviceDirectory);
const key = device && signingKey(device.keyPem);
const peer = httpsPeer({ origin, tls: clientTls(portal), accepts: () => true });
const body = JSON.parse(request) as SessionRequest;
const asked: number[] = [];
const answered: number[] = [];
const warmUp = 30;

for (let round = 0; round < Number(rounds) + warmUp; round++) {
  const requestId = `bench-${process.pid}-${round}`;
  const consent = await signed(requestId);
  const start = performance.now();
  const answer = await peer.ask(
    'POST',
    '/v1/sessions',
    { ...body, requestId, ...(consent !== undefined && { consent }) },
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

/** The device's word for one request; it signs before it asks, so this is not part of what is measured here. */
async function signed(requestId: string): Promise<string | undefined> {
  if (!device || !key) return undefined;
  const now = Date.now();
  const ports = body.streams.map(({ id, streamType, localPort }) => {
    if (localPort === undefined) throw new Error(`${id} names no local port, so it cannot be signed`);
    return { id, transport: streamType === 'tcp' ? ('tcp' as const) : ('udp' as const), port: localPort };
  });
  const { contentId, applianceId } = body;
  return signConsent(
    { applianceId, portalId: portal.endpointId, requestId, contentId, ports, now, end: now + 600_000 },
    key,
  );
}
