import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientTls, joinDeployment, openAuthority, type Role, writeIdentity } from '@sluice/identity';
import { httpsPeer, silentLog, systemClock } from '@sluice/io';
import { LearnedKeys } from '../consent/learned-keys.ts';
import { Home } from '../home/home.ts';
import { serveIntroductions } from './introduction-server.ts';

test('only an appliance with a certificate of this deployment is heard, and only inside the home', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-introductions-'));
  t.after(() => rm(directory, { recursive: true }));
  const authority = await openAuthority(join(directory, 'one'));
  const stranger = await openAuthority(join(directory, 'other'));
  const gateway = await authority.issue({ endpointId: 'self::gateway-1', role: 'gateway', names: ['127.0.0.1'] });
  await writeIdentity(join(directory, 'gateway'), gateway);
  using own = await joinDeployment({ directory: join(directory, 'gateway'), clock: systemClock, log: silentLog });
  const home = new Home({ wan: ['wan0'], lan: ['lan0'] });
  const keys = new LearnedKeys({ read: () => undefined, write() {} });
  await using server = await serveIntroductions(
    own.identity,
    0,
    { home, keys, clock: systemClock },
    silentLog,
    own.secure,
  );
  const ask = async (role: Role, path = '/v1/introductions', by = authority) => {
    const identity = await by.issue({ endpointId: 'self::tv-1', role });
    const tls = { ...clientTls({ ...identity, caPem: gateway.caPem }) };
    await using peer = httpsPeer({ origin: `https://127.0.0.1:${server.port}`, tls, accepts: () => true });
    const { status, body } = await peer.ask('POST', path, {}, AbortSignal.timeout(10_000));
    return [status, (JSON.parse(body.toString()) as { code: string }).code];
  };
  assert.deepEqual(await ask('portal'), [403, 'not-permitted']);
  assert.deepEqual(await ask('configuration-server'), [403, 'not-permitted']);
  assert.deepEqual(await ask('appliance', '/v1/openings'), [404, 'malformed']);
  // The loopback address is none of the home's.
  assert.deepEqual(await ask('appliance'), [403, 'not-permitted']);
  await assert.rejects(ask('appliance', '/v1/introductions', stranger));
  assert.deepEqual(keys.all(), []);
});
