import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as tls from 'node:tls';
import { clientTls, openAuthority, peerIdentity, readIdentity, serverTls, writeIdentity } from './index.ts';

async function temporaryDirectory(t: { after(act: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-identity-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

test('both ends learn who the other is', async (t) => {
  const authority = await openAuthority(await temporaryDirectory(t));
  const portal = await authority.issue({
    endpointId: 'self::portal-1',
    role: 'portal',
    names: ['127.0.0.1', 'portal.test'],
  });
  const gateway = await authority.issue({ endpointId: 'self::gateway-home', role: 'gateway' });
  const seen = Promise.withResolvers<unknown>();
  const server = tls.createServer(serverTls(portal), (socket) => {
    seen.resolve(peerIdentity(socket));
    socket.end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const client = tls.connect({
    ...clientTls(gateway),
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
  });
  await once(client, 'secureConnect');
  assert.deepEqual(peerIdentity(client), { endpointId: 'self::portal-1', role: 'portal' });
  assert.deepEqual(await seen.promise, { endpointId: 'self::gateway-home', role: 'gateway' });
  client.destroy();
});

test('a certificate of another authority is not let in', async (t) => {
  const ours = await openAuthority(await temporaryDirectory(t));
  const theirs = await openAuthority(await temporaryDirectory(t));
  const server = tls.createServer(
    serverTls(await ours.issue({ endpointId: 'self::a', role: 'portal', names: ['127.0.0.1'] })),
  );
  const refused = once(server, 'tlsClientError');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const stranger = await theirs.issue({ endpointId: 'self::b', role: 'gateway' });
  const client = tls.connect({
    ...clientTls({ ...stranger, caPem: ours.caPem }),
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
  });
  client.on('error', () => {});
  await refused;
  client.destroy();
});

test('an identity and an authority survive on disk, keys for their owner alone', async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await openAuthority(directory);
  const again = await openAuthority(directory);
  assert.equal(again.caPem, first.caPem);
  const identity = await again.issue({ endpointId: 'self::tv-home', role: 'appliance' });
  await writeIdentity(join(directory, 'tv'), identity);
  assert.deepEqual(await readIdentity(join(directory, 'tv')), identity);
  for (const path of ['ca-key.pem', 'tv/key.pem'])
    assert.equal((await stat(join(directory, path))).mode & 0o777, 0o600);
  await assert.rejects(readIdentity(join(directory, 'none')), /cannot read .*ca\.pem/);
});
