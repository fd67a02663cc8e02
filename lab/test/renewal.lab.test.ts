import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { certificateRequest, newKey, openAuthority, type Role, writeIdentity } from '@sluice/identity';
import { apiOf, hostDirectory } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { view } from '../once/viewer.ts';
import type { Deployment } from '../parts.ts';
import { hostOf } from '../topology.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 180_000 };
/** Renewed 10 s after the part starts, and again each 10 s. */
const lifetimeSeconds = 15;
const hosts = ['configuration', 'media', 'portal', 'gateway-1', 'tv-1'];
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
let home: Deployment;

before(async () => {
  const signal = AbortSignal.timeout(limit.timeout);
  const leases = { provisionalSeconds: 5, fullSeconds: 5 };
  home = await deployedHome(
    'renewal',
    { 'configuration-server': { leases }, 'media-server': { filmSeconds: 24 } },
    signal,
  );
  for (const host of hosts) await startShortLived(host, signal);
}, limit);
after(() => home[Symbol.asyncDispose]());

/** Starts the part on a host anew, with a certificate that is good for seconds and a place to renew it. */
async function startShortLived(host: string, signal: AbortSignal): Promise<void> {
  const { network, directories } = home;
  const authorityDirectory = join(directories.run, 'authority');
  const authority = await openAuthority(authorityDirectory);
  const { runs } = hostOf(network.topology, host);
  assert.ok(runs);
  const { endpointId } = runs;
  const role: Role = runs.part;
  const names = [network.address(host, 4), network.address(host, 6)];
  const keyPem = await newKey();
  const request = await certificateRequest(keyPem, endpointId);
  // The television's screen was not started yet.
  if (role !== 'appliance') await home.part(host).stop();
  const certPem = await authority.sign(request, { endpointId, role, names, lifetimeSeconds });
  // In a place of its own: the television's player is another process, with the certificate that it was given.
  const identity = join(hostDirectory(directories, host), 'short-lived');
  await writeIdentity(identity, { endpointId, role, caPem: authority.caPem, certPem, keyPem });
  const file = join(hostDirectory(directories, host), 'configuration.json');
  const more =
    role === 'configuration-server'
      ? { authority: authorityDirectory, certificates: { lifetimeSeconds } }
      : { configurationServer: apiOf(network) };
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), identity, ...more }));
  await home.start(host, signal);
}

const renewals = (host: string) => home.part(host).log.filter((line) => line.includes('certificate renewed')).length;

test('certificates renewed under load drop no connection and no stream', limit, async (t) => {
  await using viewing = await view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, t.signal);
  await viewing.open;
  const before = hosts.map(renewals);
  const playing = viewing.result;
  let isOver = false;
  void playing.finally(() => {
    isOver = true;
  });
  let asked = 0;
  while (!isOver) {
    // Each asks the configuration server, and through it the gateway, for what it holds.
    const { status } = await home.operator.ask(
      'GET',
      `${apiOf(home.network)}/v1/sessions?state=open`,
      undefined,
      t.signal,
    );
    assert.equal(status, 200);
    asked++;
    const gateway = await home.operator.ask(
      'GET',
      `${apiOf(home.network)}/v1/gateways/self::gateway-1`,
      undefined,
      t.signal,
    );
    assert.equal(
      gateway.status === 404 || (gateway.body as { online?: boolean }).online,
      true,
      'the gateway is online',
    );
    await setTimeout(50, undefined, { signal: t.signal });
  }
  assert.ok(asked > 50, `${asked} questions`);
  const { verdict, reasons, streams } = await playing;
  assert.equal(verdict, 'pass', reasons.join('; '));
  for (const { lost = 0 } of streams) assert.equal(lost, 0);
  for (const [index, host] of hosts.entries())
    assert.ok(renewals(host) > (before[index] ?? 0), `${host} renewed while the film was shown`);
  await viewing.left;
  assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 0);
});
