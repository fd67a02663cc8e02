import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { VirtualClock } from '@sluice/io';
import { clientTls, PeerWatch, Revocations } from './index.ts';
import { knock, serveTls, temporaryAuthority, ticketOf } from './test/tls-pair.ts';

async function watchedServer(t: Parameters<typeof temporaryAuthority>[0]) {
  const clock = new VirtualClock(Date.now());
  // By one clock: what is issued a second after a revocation counts.
  const authority = await temporaryAuthority(t, () => clock.now());
  const revocations = new Revocations();
  const watch = new PeerWatch(revocations, clock);
  t.after(() => watch[Symbol.dispose]());
  const portal = await authority.issue({ endpointId: 'self::portal-1', role: 'portal', names: ['127.0.0.1'] });
  const port = await serveTls(t, portal, (server) => watch.guard(server));
  const revoke = (endpointId: string, more = {}) =>
    revocations.add({ sequence: revocations.last + 1, at: clock.now(), endpointId, ...more });
  return { authority, clock, watch, port, revoke };
}

async function ended(socket: TLSSocket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

test('a revoked peer is cut off at once, others stay, and it is not let in again', async (t) => {
  const { authority, port, revoke, watch } = await watchedServer(t);
  const [gateway, other] = await Promise.all(
    ['self::gateway-a', 'self::gateway-b'].map((endpointId) => authority.issue({ endpointId, role: 'gateway' })),
  );
  assert.ok(gateway && other);
  const one = await knock({ ...clientTls(gateway), port });
  const two = await knock({ ...clientTls(other), port });
  assert.ok(one && two);
  assert.equal(watch.size, 2);
  revoke('self::gateway-a');
  await ended(one);
  assert.equal(two.destroyed, false);
  assert.equal(await knock({ ...clientTls(gateway), port }), undefined);
  two.destroy();
});

test('a revoked peer that resumes its TLS session is not let in', async (t) => {
  const { authority, port, revoke } = await watchedServer(t);
  const gateway = await authority.issue({ endpointId: 'self::gateway-a', role: 'gateway' });
  const first = await knock({ ...clientTls(gateway), port });
  assert.ok(first);
  const session = await ticketOf(first);
  first.destroy();
  const resumed = await knock({ ...clientTls(gateway), port, session });
  assert.ok(resumed);
  assert.ok(resumed.isSessionReused(), 'resumption is what this test is about');
  revoke('self::gateway-a');
  await ended(resumed);
  assert.equal(await knock({ ...clientTls(gateway), port, session }), undefined);
});

test('an expired certificate ends its connection, and no session of it is resumed', async (t) => {
  const { authority, port, clock } = await watchedServer(t);
  const gateway = await authority.issue({ endpointId: 'self::gateway-a', role: 'gateway', days: 30 });
  const socket = await knock({ ...clientTls(gateway), port });
  assert.ok(socket);
  const session = await ticketOf(socket);
  await clock.pass(29 * 86_400_000);
  assert.equal(socket.destroyed, false);
  await clock.pass(86_400_000);
  await ended(socket);
  assert.equal(await knock({ ...clientTls(gateway), port, session }), undefined);
});

test('a certificate issued after the revocation counts; one certificate may be revoked alone', async (t) => {
  const { authority, clock, port, revoke } = await watchedServer(t);
  revoke('self::gateway-a', { at: clock.now() - 60_000 });
  const later = await authority.issue({ endpointId: 'self::gateway-a', role: 'gateway' });
  const socket = await knock({ ...clientTls(later), port });
  assert.ok(socket);
  const twin = await authority.issue({ endpointId: 'self::gateway-a', role: 'gateway' });
  revoke('self::gateway-a', { serialNumber: new X509Certificate(later.certPem).serialNumber });
  await ended(socket);
  const still = await knock({ ...clientTls(twin), port });
  assert.ok(still);
  still.destroy();
});
