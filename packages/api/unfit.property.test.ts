import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  contentRequestBody,
  describeUnfit,
  gatewayRegistration,
  openingQuery,
  readAnswer,
  sessionQuery,
  sessionRequest,
  sessionView,
  startRequest,
} from './index.ts';

const requests = { contentRequestBody, gatewayRegistration, openingQuery, sessionQuery, sessionRequest, startRequest };

const here = { address: '203.0.113.1', port: 16_384 };
const stream = { id: 'video', streamType: 'rtp', remote: here, localPort: 5000, payloadType: 96 };
/** Bodies that fit, for their members to be replaced. */
const sound: readonly Record<string, unknown>[] = [
  {
    requestId: 'r',
    contentId: 'film',
    localPorts: { video: 5000 },
    firstSpeaker: { video: 'server' },
    localAddresses: [],
  },
  {
    requestId: 'r',
    applianceId: 'self::tv',
    contentId: 'film',
    flow: { transport: 'udp', portal: here, observed: here },
    localAddresses: ['192.168.1.2'],
    streams: [stream],
  },
  { sessionId: 's', contentId: 'film', streams: [{ id: 'video', to: here }] },
  { type: 'sluice', communication: { url: 'wss://x' } },
  { state: ['open'], limit: '5', gatewayId: 'g', globalAddress: '::1', globalPort: '80' },
];

const names = [...new Set(sound.flatMap((body) => Object.keys(body))), '__proto__', 'k'.repeat(5_000)];
const body = fc
  .tuple(fc.constantFrom(...sound), fc.array(fc.tuple(fc.constantFrom(...names), fc.jsonValue()), { maxLength: 3 }))
  .map(([fit, others]) => JSON.parse(JSON.stringify({ ...fit, ...Object.fromEntries(others) })) as unknown);

test('what fits a schema fits it again, unchanged; what does not is told in one bounded sentence', () => {
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue({ maxDepth: 4 })), (input) => {
      for (const schema of Object.values(requests)) {
        const read = schema.safeParse(input);
        if (read.success) assert.deepEqual(schema.parse(JSON.parse(JSON.stringify(read.data))), read.data);
        else assert.ok(describeUnfit(read.error, 'the body').length <= 256);
      }
    }),
    { numRuns: 500 },
  );
});

test('a name that the sender chose does not make the sentence long', () => {
  const fit = sound[0];
  const read = contentRequestBody.safeParse({ ...fit, localPorts: { ['k'.repeat(5_000)]: 0 } });
  assert.ok(!read.success);
  assert.match(describeUnfit(read.error, 'the body'), /^localPorts\.k{1,245}$/);
});

test('members that are not named are left out, also those that mean something to JavaScript', () => {
  const text = JSON.stringify(sound[0]).replace('{', '{"__proto__":{"admin":true},"constructor":1,"extra":2,');
  const read = contentRequestBody.parse(JSON.parse(text));
  assert.deepEqual(Object.keys(read).sort(), Object.keys(sound[0] ?? {}).sort());
  assert.equal((read as { admin?: unknown }).admin, undefined);
  const ports = contentRequestBody.parse(JSON.parse(text.replace('"localPorts":{', '"localPorts":{"__proto__":9,')));
  assert.equal(Object.getPrototypeOf(ports.localPorts), Object.prototype);
});

test('any answer of another part is granted or refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 599 }),
      fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)),
      (status, bytes) => {
        const answer = readAnswer('media server', sessionView, status, bytes);
        if (answer.kind === 'refused') assert.ok(answer.refusal.message.length > 0 || status < 200 || status > 299);
        else assert.ok(status >= 200 && status <= 299);
      },
    ),
  );
});
