import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { clientTls, type Identity, openAuthority, peerIdentity, writeIdentity } from '@sluice/identity';
import { httpsPeer, silentLog } from '@sluice/io';
import { portalConfig, runPortal } from '@sluice/portal';
import { type PartsConfig, type RunningParts, runParts } from './parts.ts';

const roles = ['configuration-server', 'media-server', 'portal'] as const;
type Role = (typeof roles)[number];
const here = new AbortController().signal;
const loopback = { hosts: ['127.0.0.1'], port: 0 };
/** Media that tests made before; making it takes seconds. */
const mediaDirectory = join(tmpdir(), `sluice-test-media-${process.getuid?.() ?? 0}`);
let directory: string;
let tv: Identity;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-parts-'));
  const authority = await openAuthority(join(directory, 'authority'));
  for (const role of roles)
    for (const [kind, names] of [
      ['named', ['127.0.0.1']],
      // Nobody believes this one over a network.
      ['nameless', []],
    ] as const)
      await writeIdentity(
        join(directory, `${role}-${kind}`),
        await authority.issue({ endpointId: `self::${role}-1`, role, names: [...names] }),
      );
  tv = await authority.issue({ endpointId: 'self::tv-a', role: 'appliance', names: [] });
});
after(() => rm(directory, { recursive: true, force: true }));

/** Processes, each with its parts; servers are listed before who asks them. */
async function deploy(t: TestContext, processes: readonly (readonly Role[])[]): Promise<number> {
  const ports: Record<string, RunningParts['ports'][string]> = {};
  let last = 0;
  for (const parts of processes) {
    const place = (role: Role) =>
      parts.includes(role) ? 'beside' : `https://127.0.0.1:${ports[role]?.api ?? assert.fail(role)}`;
    /** Where all who ask a part are beside it, it has a certificate that is good for nothing else. */
    const identity = (role: Role) =>
      join(directory, `${role}-${parts.includes('portal') && role !== 'portal' ? 'nameless' : 'named'}`);
    const sections = {
      'configuration-server': () => ({
        identity: identity('configuration-server'),
        api: loopback,
        usp: loopback,
        database: join(directory, `${t.name.slice(0, 3)}.sqlite`),
      }),
      'media-server': () => ({
        identity: identity('media-server'),
        ...(parts.includes('configuration-server') && { configurationServer: 'beside' }),
        listen: loopback,
        addresses: { 4: '127.0.0.1' },
        firstPort: 0,
        mediaDirectory,
        downloadMegabytes: 1,
      }),
      portal: () => ({
        identity: identity('portal'),
        listen: loopback,
        configurationServer: place('configuration-server'),
        mediaServers: [place('media-server')],
      }),
    };
    const config: PartsConfig = Object.fromEntries(parts.map((role) => [role, sections[role]()]));
    const running = await runParts(config, () => silentLog, here);
    t.after(() => running[Symbol.asyncDispose]());
    assert.deepEqual(Object.keys(running.ports).sort(), [...parts].sort());
    Object.assign(ports, running.ports);
    last = running.ports.portal?.https ?? last;
  }
  return last;
}

const layouts: readonly (readonly [title: string, processes: readonly (readonly Role[])[]])[] = [
  ['one process', [['configuration-server', 'media-server', 'portal']]],
  ['two processes, the portal with the configuration server', [['media-server'], ['configuration-server', 'portal']]],
  ['two processes, the portal with the media server', [['configuration-server'], ['media-server', 'portal']]],
  ['two processes, the portal by itself', [['configuration-server', 'media-server'], ['portal']]],
  ['three processes', [['configuration-server'], ['media-server'], ['portal']]],
];

for (const [title, processes] of layouts)
  test(`${title}: the portal shows what the media server has, and asks the configuration server`, async (t) => {
    const port = await deploy(t, processes);
    const accepts = (socket: Parameters<typeof peerIdentity>[0]) => peerIdentity(socket)?.role === 'portal';
    await using peer = httpsPeer({ origin: `https://127.0.0.1:${port}`, tls: clientTls(tv), accepts });
    const contents = await peer.ask('GET', '/v1/contents', undefined, AbortSignal.timeout(10_000));
    assert.match(contents.body.toString(), /"contentId":"film"/);
    const localPorts = { file: 5000 };
    const request = { requestId: 'r-1', contentId: 'download', localPorts };
    const answer = await peer.ask('POST', '/v1/requests', request, AbortSignal.timeout(10_000));
    // That is the configuration server's word: nobody registered this portal.
    assert.match(answer.body.toString(), /"code":"portal-unknown"/);
  });

test('what cannot be is told in a sentence', async () => {
  const failing = (config: object, why: RegExp) =>
    assert.rejects(
      runParts(config, () => silentLog, here),
      why,
    );
  await failing({}, /nothing is no part/);
  await failing({ gateway: {} }, /gateway is no part that runs here; there are configuration-server/);
  await failing({ portal: { identity: directory } }, /^RangeError: portal: configurationServer: /);
  const portal = {
    identity: join(directory, 'portal-named'),
    listen: loopback,
    configurationServer: 'beside',
    mediaServers: ['https://127.0.0.1:1'],
  };
  await assert.rejects(runPortal(portalConfig.parse(portal), silentLog, here), /run both with sluice parts run/);
});
