import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FewAtOnce } from './few-at-once.ts';
import { hashPassword, isPassword, nobodysHash } from './password.ts';

test('a password is known by its hash, which is another each time and says how it was made', async () => {
  const hash = await hashPassword('correct horse battery');
  assert.match(hash, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.ok(!hash.includes('horse'));
  assert.notEqual(await hashPassword('correct horse battery'), hash);
  assert.equal(await isPassword('correct horse battery', hash), true);
  for (const wrong of ['', 'Correct horse battery', 'correct horse battery '])
    assert.equal(await isPassword(wrong, hash), false, wrong);
});

test('composed otherwise it is the same password', async () => {
  assert.equal(await isPassword('Bäckerei-Straße', await hashPassword('Ba\u0308ckerei-Straße')), true);
});

test('a hash of the reference implementation is known', async () => {
  // phc-winner-argon2, src/test.c: Argon2id, version 0x13, t=2, m=2^16, p=1.
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await isPassword('password', hash), true);
  assert.equal(await isPassword('differentpassword', hash), false);
});

test('what is no hash, and a hash of nobody, are of no password', async () => {
  for (const hash of ['', 'plain', '$argon2id$v=19$m=65536,t=3,p=4$$', '$2b$10$x', nobodysHash()])
    assert.equal(await isPassword('plain', hash), false, hash);
});

test('a few at once, the others in turn, and too many not at all', async () => {
  const few = new FewAtOnce(2, 2);
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const begun: number[] = [];
  const runs = gates.map((gate, n) =>
    few.run(async () => {
      begun.push(n);
      await gate.promise;
      if (n === 1) throw new Error('failed');
      return n;
    }),
  );
  const outcomes = Promise.allSettled(runs);
  assert.equal(await few.run(async () => 'too many'), undefined);
  assert.deepEqual(begun, [0, 1]);
  for (const gate of gates) gate.resolve();
  assert.deepEqual(
    (await outcomes).map((each) => (each.status === 'fulfilled' ? each.value : 'failed')),
    [0, 'failed', 2, 3],
  );
  assert.equal(await few.run(async () => 'room again'), 'room again');
});
