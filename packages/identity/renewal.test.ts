import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, VirtualClock } from '@sluice/io';
import {
  certificateRequest,
  HeldIdentity,
  type Identity,
  keepRenewed,
  newKey,
  readIdentity,
  renewalDue,
  writeIdentity,
} from './index.ts';
import { temporaryAuthority, temporaryDirectory } from './test/tls-pair.ts';

async function shortLived(t: Parameters<typeof temporaryAuthority>[0]) {
  const clock = new VirtualClock();
  const authority = await temporaryAuthority(t, () => clock.now());
  const subject = { endpointId: 'self::portal-1', role: 'portal' as const, lifetimeSeconds: 300 };
  const keyPem = await newKey();
  const certPem = await authority.sign(await certificateRequest(keyPem, subject.endpointId), subject);
  const identity: Identity = { ...subject, caPem: authority.caPem, certPem, keyPem };
  const directory = await temporaryDirectory(t);
  await writeIdentity(directory, identity);
  const held = new HeldIdentity(await readIdentity(directory));
  const ending = new AbortController();
  t.after(() => ending.abort());
  return { clock, authority, subject, directory, held, signal: ending.signal };
}

/** Resolves when the identity has been renewed. */
function renewal(held: HeldIdentity): Promise<void> {
  return new Promise((resolve) => {
    const cancel = held.observe(() => {
      cancel();
      resolve();
    });
  });
}

test('an identity is renewed with a new key at two thirds of its lifetime, again and again', async (t) => {
  const { clock, authority, subject, directory, held, signal } = await shortLived(t);
  const asked: number[] = [];
  const start = clock.now();
  void keepRenewed(
    {
      held,
      directory,
      clock,
      log: silentLog,
      renew(request) {
        asked.push(clock.now() - start);
        return authority.sign(request, subject);
      },
    },
    signal,
  );
  const before = held.keyPem;
  await clock.pass(199_000);
  assert.equal(held.keyPem, before);
  const first = renewal(held);
  await clock.pass(1_000);
  await first;
  assert.notEqual(held.keyPem, before);
  assert.equal((await readIdentity(directory)).certPem, held.certPem);
  const second = renewal(held);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.pass(renewalDue(held.certPem) - clock.now());
  await second;
  assert.deepEqual(asked, [200_000, 400_000]);
});

test('a renewal that fails is tried again before the certificate ends', async (t) => {
  const { clock, authority, subject, directory, held, signal } = await shortLived(t);
  const stranger = await newKey();
  let tries = 0;
  const failed = Promise.withResolvers<void>();
  const log = { ...silentLog, warn: () => failed.resolve() };
  void keepRenewed(
    {
      held,
      directory,
      clock,
      log,
      async renew(request) {
        // The first answer is for a key that is not ours.
        return authority.sign(
          tries++ === 0 ? await certificateRequest(stranger, subject.endpointId) : request,
          subject,
        );
      },
    },
    signal,
  );
  const before = held.certPem;
  await clock.pass(200_000);
  await failed.promise;
  assert.equal(held.certPem, before);
  const renewed = renewal(held);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.pass(13_000);
  await renewed;
  assert.equal(tries, 2);
});

test('a renewal that a power cut broke off leaves a whole identity', async (t) => {
  const { authority, subject, directory, held } = await shortLived(t);
  const keyPem = await newKey();
  const certPem = await authority.sign(await certificateRequest(keyPem, subject.endpointId), subject);
  const { caPem } = held;
  // As writeIdentity leaves it after its second file.
  await writeFile(join(directory, 'next.json'), JSON.stringify({ caPem, certPem, keyPem }));
  await writeFile(join(directory, 'key.pem'), keyPem);
  const read = await readIdentity(directory);
  assert.ok(new X509Certificate(read.certPem).checkPrivateKey(createPrivateKey(read.keyPem)));
  assert.equal(read.certPem, certPem);
  await writeIdentity(directory, read);
  await assert.rejects(readFile(join(directory, 'next.json')), { code: 'ENOENT' });
  await writeFile(join(directory, 'key.pem'), held.keyPem);
  await assert.rejects(readIdentity(directory), /not the key of cert.pem/);
});

test("somebody else's identity does not take one's place", async (t) => {
  const { authority, held } = await shortLived(t);
  const other = await authority.issue({ endpointId: 'self::portal-2', role: 'portal' });
  assert.throws(() => held.replace(other), RangeError);
});
