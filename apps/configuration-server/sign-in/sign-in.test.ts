import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, VirtualClock } from '@sluice/io';
import { inMemoryStore } from '@sluice/store';
import { Accounts } from './accounts.ts';
import { bearerReader } from './bearer.ts';
import { strongCost } from './password.ts';
import { SignIn } from './sign-in.ts';
import { Tokens } from './tokens.ts';

const password = 'correct horse battery';
const [here, elsewhere] = ['198.51.100.1', '203.0.113.66'];

const cheap = { memory: 64, passes: 1, parallelism: 1 };

async function desk(cost = cheap) {
  const clock = new VirtualClock();
  const store = inMemoryStore();
  const accounts = new Accounts(store, clock, cost);
  await accounts.put('alice', 'operator', password);
  const tokens = new Tokens(await store.ownSecret('t'), 'self::configuration-1', clock, 600);
  const signIn = new SignIn({ accounts, tokens, clock, log: silentLog });
  const read = bearerReader({ store, tokens, openId: undefined, log: silentLog });
  const attempt = async (name: string, given: string, from = here) => {
    const answer = await signIn.signIn(name, given, from);
    return answer.kind === 'granted' ? answer.value.token : answer.refusal.code;
  };
  /** Who a token says it is, or the code of the refusal. */
  const asker = async (authorization: string | undefined) => {
    const caller = await read({ headers: { authorization } } as Parameters<typeof read>[0]);
    return 'code' in caller ? caller.code : `${caller.role} ${caller.endpointId}`;
  };
  return { clock, store, accounts, tokens, signIn, attempt, asker };
}

test('who knows the password gets a token, which tells who he is until its time is over', async () => {
  const { clock, signIn, asker } = await desk();
  const answer = await signIn.signIn('alice', password, here);
  assert.ok(answer.kind === 'granted');
  const { token, expiresAt, ...who } = answer.value;
  assert.deepEqual(who, { name: 'alice', role: 'operator' });
  assert.equal(expiresAt, clock.now() + 600_000);
  assert.equal(await asker(`Bearer ${token}`), 'operator operator:alice');
  await clock.pass(599_000);
  assert.equal(await asker(`bearer ${token}`), 'operator operator:alice');
  await clock.pass(1_000);
  assert.equal(await asker(`Bearer ${token}`), 'sign-in-needed');
});

test('what is no token of this server is of nobody', async () => {
  const { attempt, clock, store, asker } = await desk();
  const token = await attempt('alice', password);
  const [head = '', body = '', signature = ''] = token.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const account = await store.operator('alice');
  assert.ok(account);
  const otherSecret = new Tokens(new Uint8Array(32), 'self::configuration-1', clock, 600);
  const otherServer = new Tokens(await store.ownSecret('t'), 'self::configuration-2', clock, 600);
  const cases: (string | undefined)[] = [
    undefined,
    '',
    token,
    `Basic ${token}`,
    `Bearer ${token} x`,
    'Bearer a.b.c',
    `Bearer ${head}.${encode({ ...claims, sub: 'bob' })}.${signature}`,
    `Bearer ${encode({ alg: 'none', typ: 'sluice-operator+jwt' })}.${body}.`,
    `Bearer ${(await otherSecret.sign(account)).token}`,
    `Bearer ${(await otherServer.sign(account)).token}`,
    `Bearer ${'x'.repeat(9_000)}`,
  ];
  for (const header of cases) assert.equal(await asker(header), 'sign-in-needed', header?.slice(0, 60));
});

test('an account that is changed or removed takes its tokens with it', async () => {
  const { attempt, accounts, asker } = await desk();
  const first = await attempt('alice', password);
  await accounts.put('alice', 'auditor', 'another password');
  assert.equal(await asker(`Bearer ${first}`), 'sign-in-needed');
  assert.equal(await attempt('alice', password), 'sign-in-refused');
  const second = await attempt('alice', 'another password');
  assert.equal(await asker(`Bearer ${second}`), 'auditor operator:alice');
  await accounts.forget('alice');
  assert.equal(await asker(`Bearer ${second}`), 'sign-in-needed');
  await accounts.put('alice', 'operator', password);
  assert.equal(await asker(`Bearer ${second}`), 'sign-in-needed', 'also when the name is given anew');
});

test('an unknown name is answered as a wrong password is, after the same work', async () => {
  const { signIn } = await desk(strongCost);
  const timed = async (name: string) => {
    const start = performance.now();
    const answer = await signIn.signIn(name, 'wrong wrong wrong', here);
    return { ms: performance.now() - start, answer };
  };
  await timed('warm-up');
  const [unknown, wrong] = [await timed('nobody'), await timed('alice')];
  assert.deepEqual(unknown.answer, wrong.answer);
  // A machine under load takes longer for either; without the hash the unknown name would take next to nothing.
  assert.ok(unknown.ms > wrong.ms / 5, `${unknown.ms} ms against ${wrong.ms} ms`);
});

test('guessing one name, or from one address, is stopped; a success does not count', async () => {
  const { attempt, clock } = await desk();
  for (let n = 0; n < 30; n++) assert.ok((await attempt('alice', password)).length > 40, 'as often as one likes');
  const codes = await Promise.all(Array.from({ length: 15 }, (_, n) => attempt('bob', 'guess', `203.0.113.${n}`)));
  assert.equal(codes.filter((code) => code === 'sign-in-refused').length, 10);
  assert.equal(codes.filter((code) => code === 'rate-limited').length, 5);
  const names = Array.from({ length: 25 }, (_, n) => attempt(`name-${n}`, 'guess', '192.0.2.9'));
  assert.equal(
    (await Promise.all(names)).filter((code) => code === 'rate-limited').length,
    7,
    'the hashes wait in turn',
  );
  await clock.pass(60_000);
  assert.equal(await attempt('bob', 'guess', '203.0.113.99'), 'sign-in-refused');
});

test('whoever guesses elsewhere does not lock a person out where he has signed in before', async () => {
  const { attempt } = await desk();
  assert.ok((await attempt('alice', password)).length > 40);
  for (let n = 0; n < 12; n++) await attempt('alice', 'guess', elsewhere);
  assert.equal(await attempt('alice', password, '192.0.2.1'), 'rate-limited');
  assert.ok((await attempt('alice', password)).length > 40);
});
