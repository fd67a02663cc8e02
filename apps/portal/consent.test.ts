import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ContentRequestBody } from '@sluice/api';
import { type ConsentRequest, signConsent, signingKey } from '@sluice/consent';
import { openAuthority } from '@sluice/identity';
import type { Caller } from './caller.ts';
import { judgeConsent } from './consent.ts';

const now = 1_800_000_000_000;
const flow = { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '203.0.113.1', port: 40_000 } };
const remote = { address: '203.0.113.10', port: 7000 };
const streams = [
  { id: 'video', streamType: 'rtp', remote, localPort: 5000 },
  { id: 'subtitles', streamType: 'tcp', remote, localPort: 5004 },
] as const;

test('a portal passes on what the caller signed for it and this request, and nothing else', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-portal-consent-'));
  t.after(() => rm(directory, { recursive: true }));
  const authority = await openAuthority(directory);
  const tv = await authority.issue({ endpointId: 'self::tv-1', role: 'appliance' });
  const other = await authority.issue({ endpointId: 'self::tv-2', role: 'appliance' });
  const caller: Caller = {
    endpointId: 'self::tv-1',
    role: 'appliance',
    flow,
    certificate: new X509Certificate(tv.certPem),
  };
  const body: ContentRequestBody = {
    requestId: 'r1',
    contentId: 'film',
    localAddresses: [],
    localPorts: { video: 5000, subtitles: 5004 },
    firstSpeaker: {},
  };
  const good: ConsentRequest = {
    ...{ applianceId: 'self::tv-1', portalId: 'self::portal-1', requestId: 'r1', contentId: 'film' },
    ports: [
      { id: 'video', transport: 'udp', port: 5000 },
      { id: 'subtitles', transport: 'tcp', port: 5004 },
    ],
    ...{ now, end: now + 60_000 },
  };
  const judged = async (changes: Partial<ConsentRequest>, keyPem = tv.keyPem, who = caller) => {
    const consent = await signConsent({ ...good, ...changes }, signingKey(keyPem));
    return judgeConsent('self::portal-1', who, { ...body, consent }, [...streams], now)?.code;
  };
  assert.equal(judgeConsent('self::portal-1', caller, body, [...streams], now), undefined);
  assert.equal(await judged({}), undefined);
  assert.equal(await judged({}, other.keyPem), 'consent-invalid');
  assert.equal(await judged({ applianceId: 'self::tv-2' }, other.keyPem), 'consent-invalid');
  assert.equal(await judged({}, tv.keyPem, { ...caller, certificate: undefined }), 'consent-invalid');
  assert.equal(await judged({ applianceId: 'self::tv-2' }), 'consent-invalid');
  assert.equal(await judged({ portalId: 'self::portal-2' }), 'consent-invalid');
  assert.equal(await judged({ now: now - 60_000 }), 'consent-expired');
  assert.equal(await judged({ requestId: 'r2' }), 'consent-elsewhere');
  assert.equal(await judged({ contentId: 'radio' }), 'consent-elsewhere');
  assert.equal(await judged({ ports: good.ports.slice(1) }), 'consent-elsewhere');
  assert.equal(
    await judged({ ports: [...good.ports, { id: 'more', transport: 'tcp', port: 22 }] }),
    'consent-elsewhere',
  );
});
