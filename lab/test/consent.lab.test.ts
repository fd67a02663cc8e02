import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SessionRequest } from '@sluice/api';
import { type ConsentRequest, signConsent, signingKey } from '@sluice/consent';
import { type Identity, readIdentity } from '@sluice/identity';
import { apiOf, hostDirectory, householdSocket, partPorts } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { type Viewing, view } from '../once/viewer.ts';
import type { Deployment } from '../parts.ts';
import { run } from '../run.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 180_000 };
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
/** Where the gateway writes down what it opened and refused. */
const audit = join(tmpdir(), `sluice-consent-audit-${process.pid}`);
let home: Deployment;
let portal: Identity;
let tv: Identity;

before(async () => {
  const overrides = { 'media-server': { filmSeconds: 60 }, gateway: { audit: { directory: audit } } };
  home = await deployedHome('consent', overrides, AbortSignal.timeout(limit.timeout));
  portal = await readIdentity(hostDirectory(home.directories, 'portal'));
  tv = await readIdentity(hostDirectory(home.directories, 'tv-1'));
}, limit);
after(async () => {
  await home[Symbol.asyncDispose]();
  await rm(audit, { recursive: true, force: true });
});

function watch(family: 4 | 6, signal: AbortSignal): Promise<Viewing> {
  return view(home, { contentId: 'film', family, localPorts, firstSpeaker: {} }, signal);
}

function household(args: readonly string[], signal: AbortSignal): Promise<string> {
  const socket = ['--socket', householdSocket(home.directories, 'gateway-1')];
  return home.sluice('gateway-1', ['gateway', ...args, ...socket], signal);
}

/** What a portal that was taken over asks the configuration server for; its answer's code, or "opened". */
async function askAsPortal(request: Partial<SessionRequest>, signal: AbortSignal): Promise<string> {
  const body = {
    requestId: crypto.randomUUID(),
    applianceId: tv.endpointId,
    contentId: 'film',
    localAddresses: [],
    streams: [
      {
        id: 'video',
        streamType: 'rtp',
        remote: { address: home.network.address('media', 4), port: 7000 },
        localPort: 5000,
      },
    ],
    ...request,
  };
  const asking = `
    const [identity, origin, body] = process.argv.slice(1);
    const { readIdentity, clientTls } = await import('@sluice/identity');
    const { httpsPeer } = await import('@sluice/io');
    const peer = httpsPeer({ origin, tls: clientTls(await readIdentity(identity)), accepts: () => true });
    const answer = await peer.ask('POST', '/v1/sessions', JSON.parse(body), AbortSignal.timeout(20_000));
    process.stdout.write(answer.status === 201 ? 'opened' : JSON.parse(answer.body.toString()).code, () => process.exit());`;
  return run(
    [
      ...['nsenter', `--net=${home.network.namespace('portal')}`, '--', process.execPath, '--input-type=module'],
      ...['-e', asking, hostDirectory(home.directories, 'portal'), apiOf(home.network), JSON.stringify(body)],
    ],
    signal,
  );
}

/** The television's own connection to the portal, as the gateway's translation table has it. */
async function flowOfTelevision(signal: AbortSignal): Promise<SessionRequest['flow']> {
  const list = ['conntrack', '-L', '-p', 'tcp', '--dport', '8443', '--state', 'ESTABLISHED'];
  const text = await run(['nsenter', `--net=${home.network.namespace('gateway-1')}`, '--', ...list], signal);
  const port = /src=192\.168\.1\.2 .*src=203\.0\.113\.20 dst=203\.0\.113\.1 sport=8443 dport=(\d+)/.exec(text)?.[1];
  assert.ok(port, `no flow of the television in: ${text}`);
  return {
    portal: { address: home.network.address('portal', 4), port: partPorts.portal },
    observed: { address: home.network.address('gateway-1', 4, 'internet'), port: Number(port) },
  };
}

function signed(by: Identity, requestId: string, changes: Partial<ConsentRequest> = {}): Promise<string> {
  const now = Date.now();
  return signConsent(
    {
      ...{ applianceId: tv.endpointId, portalId: portal.endpointId, requestId, contentId: 'film' },
      ports: [{ id: 'video', transport: 'udp', port: 5000 }],
      ...{ now, end: now + 600_000 },
      ...changes,
    },
    signingKey(by.keyPem),
  );
}

test('what the television signed opens, over IPv4 and IPv6, and the household sees it', limit, async (t) => {
  for (const family of [4, 6] as const) {
    await using viewing = await watch(family, t.signal);
    await viewing.open;
    assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 5);
    assert.match(await household(['status'], t.signal), /signed by self::tv-1/);
  }
  assert.match(await household(['appliances'], t.signal), /^self::tv-1 /m);
});

test('nothing else does, though portal and configuration server want it', limit, async (t) => {
  await using viewing = await watch(4, t.signal);
  await viewing.open;
  const flow = await flowOfTelevision(t.signal);
  const stray = { ...flow, observed: { ...flow.observed, port: 1 } };
  const none = { flow, requestId: 'none' };
  const codes = {
    'no signature': await askAsPortal(none, t.signal),
    'a flow that nobody has': await askAsPortal(
      { flow: stray, requestId: 'a1', consent: await signed(tv, 'a1') },
      t.signal,
    ),
    "the portal's own signature": await askAsPortal(
      { flow, requestId: 'a2', consent: await signed(portal, 'a2') },
      t.signal,
    ),
    'a port that was not signed': await askAsPortal(
      {
        flow,
        requestId: 'a3',
        consent: await signed(tv, 'a3', { ports: [{ id: 'video', transport: 'udp', port: 6000 }] }),
      },
      t.signal,
    ),
    "the tablet's address": await askAsPortal(
      { flow, requestId: 'a4', localAddresses: ['192.168.1.3'], consent: await signed(tv, 'a4') },
      t.signal,
    ),
    'another portal': await askAsPortal(
      { flow, requestId: 'a5', consent: await signed(tv, 'a5', { portalId: 'self::portal-2' }) },
      t.signal,
    ),
    'an old signature': await askAsPortal(
      { flow, requestId: 'a6', consent: await signed(tv, 'a6', { now: Date.now() - 120_000 }) },
      t.signal,
    ),
  };
  assert.deepEqual(codes, {
    'no signature': 'consent-missing',
    'a flow that nobody has': 'device-not-found',
    "the portal's own signature": 'consent-invalid',
    'a port that was not signed': 'consent-elsewhere',
    "the tablet's address": 'path-mismatch',
    'another portal': 'consent-invalid',
    'an old signature': 'consent-expired',
  });
  assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 5, 'the kernel is unchanged');
  // The same question with the television's own signature, or the refusals would prove nothing; then once more.
  const consent = await signed(tv, 'good', { ports: [{ id: 'video', transport: 'udp', port: 6000 }] });
  const streams = [
    {
      id: 'video',
      streamType: 'rtp' as const,
      remote: { address: home.network.address('media', 4), port: 7000 },
      localPort: 6000,
    },
  ];
  assert.equal(await askAsPortal({ flow, streams, requestId: 'good', consent }, t.signal), 'opened');
  assert.equal(await askAsPortal({ flow, streams, requestId: 'other', consent }, t.signal), 'consent-replayed');
  assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 6);
});

test('a television that the household has forgotten introduces itself again, and is served', limit, async (t) => {
  await household(['appliances', 'forget', 'self::tv-1'], t.signal);
  assert.match(await household(['appliances'], t.signal), /no appliance/);
  await using viewing = await watch(4, t.signal);
  await viewing.open;
  assert.match(await household(['appliances'], t.signal), /^self::tv-1 /m);
});

test("the gateway's audit tells who had signed, what passed, and each refusal", limit, async (t) => {
  const told = await home.sluice('gateway-1', ['audit', 'export', audit], t.signal);
  const lines = told.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
  const of = (kind: string) => lines.filter((line) => line.kind === kind);
  const signedBy = of('opening-opened').map(({ consent, appliance }) => `${consent} by ${appliance}`);
  assert.deepEqual([...new Set(signedBy)], ['signed by self::tv-1']);
  assert.deepEqual([...new Set(of('consent-refused').map(({ code }) => code))].sort(), [
    'consent-elsewhere',
    'consent-expired',
    'consent-invalid',
    'consent-missing',
    'consent-replayed',
    'device-not-found',
    'path-mismatch',
  ]);
  assert.ok(of('opening-closed').some(({ why, packets }) => why === 'closed' && Number(packets) > 0));
  assert.ok(of('appliance-introduced').some(({ appliance }) => appliance === tv.endpointId));
  assert.deepEqual(
    of('household-acted').map(({ what, appliance }) => [what, appliance]),
    [['forget', 'self::tv-1']],
  );
  const ca = join(hostDirectory(home.directories, 'gateway-1'), 'ca.pem');
  const verdict = await home.sluice(
    'gateway-1',
    ['audit', 'verify', audit, '--ca', ca, '--of', 'self::gateway-1'],
    t.signal,
  );
  assert.match(verdict, /^nothing is wrong$/m);
});
