import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Content } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { FakePortal } from '../test/fake-portal.ts';
import { HandedPlays } from './handed-plays.ts';
import { Grants } from './origins.ts';
import { browserRoutes } from './routes.ts';

const token = 'f'.repeat(32);
const signal = new AbortController().signal;
const [mine, other] = ['https://films.example', 'https://evil.example'];
const own = { host: '127.0.0.1:8091', origin: 'http://127.0.0.1:8091' };
const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const film: Content = { contentId: 'film', title: 'Film', kind: 'film', description: '', streams: [] };

/** The daemon's door for pages; `mine` is allowed. */
async function door(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-pages-'));
  const clock = new VirtualClock();
  const grants = await Grants.open(join(directory, 'grants.json'), clock);
  await grants.allow(mine);
  const portal = new FakePortal(film);
  // The portal is silent, so that a play goes on until it is left.
  portal.content = ((_: string, leave: AbortSignal) =>
    new Promise((_, reject) =>
      leave.addEventListener('abort', () => reject(leave.reason)),
    )) as unknown as typeof portal.content;
  const around = { clock, stopwatch: () => 0, random: () => 0 };
  const plays = new HandedPlays({ portal, player: ['true', '{sdp}'], around, log: silentLog });
  const app = browserRoutes({ portal, grants, plays, token }, signal);
  t.after(async () => {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  });
  const ask = (method: 'GET' | 'POST' | 'DELETE' | 'OPTIONS', url: string, headers: object, payload?: string) =>
    app.inject({ method, url, headers: { host: own.host, ...headers }, ...(payload !== undefined && { payload }) });
  return { grants, plays, ask };
}

test('a page of an allowed origin reads what there is, and asks', async (t) => {
  const { ask, plays } = await door(t);
  const preflight = await ask('OPTIONS', '/v1/plays', {
    origin: mine,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
    'access-control-request-private-network': 'true',
  });
  assert.equal(preflight.statusCode, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], mine);
  assert.equal(preflight.headers['access-control-allow-private-network'], 'true');
  assert.equal(preflight.headers.vary, 'Origin');
  const contents = await ask('GET', '/v1/contents', { origin: mine });
  assert.deepEqual(contents.json(), { contents: [{ contentId: 'film', title: 'Film', kind: 'film' }] });
  assert.equal(contents.headers['access-control-allow-origin'], mine);
  const begun = await ask('POST', '/v1/plays', { origin: mine, ...json }, '{"contentId":"film"}');
  assert.equal(begun.statusCode, 201);
  const { playId } = begun.json() as { playId: string };
  assert.ok(plays.find(mine, playId));
  assert.equal(plays.find(other, playId), undefined);
  const second = await ask('POST', '/v1/plays', { origin: mine, ...json }, '{"contentId":"film"}');
  assert.equal(second.json().code, 'quota-exceeded');
});

const refusedPages: [string, Parameters<Awaited<ReturnType<typeof door>>['ask']>][] = [
  ['an origin that nobody allowed', ['POST', '/v1/plays', { origin: other, ...json }, '{"contentId":"film"}']],
  ['its preflight', ['OPTIONS', '/v1/plays', { origin: other, 'access-control-request-method': 'POST' }]],
  ['one that begins like an allowed one', ['GET', '/v1/contents', { origin: `${mine}.evil.example` }]],
  ['the same host over http', ['GET', '/v1/contents', { origin: 'http://films.example' }]],
  ['another port of the same host', ['GET', '/v1/contents', { origin: `${mine}:8443` }]],
  ['a page without an origin of its own', ['GET', '/v1/contents', { origin: 'null' }]],
  ['an image, a link, a program: nobody says which page asks', ['GET', '/v1/contents', {}]],
  ["the daemon's own address", ['GET', '/v1/contents', { origin: own.origin }]],
  [
    'an allowed page by a form, without a preflight',
    ['POST', '/v1/plays', { origin: mine, 'content-type': 'text/plain' }, '{"contentId":"film"}'],
  ],
  [
    'a name that was pointed here (DNS rebinding)',
    ['GET', '/v1/contents', { host: 'films.example:8091', origin: mine }],
  ],
  ['a name that ends like ours', ['GET', '/', { host: '127.0.0.1.evil.example' }]],
];
for (const [title, request] of refusedPages)
  test(`refused, and not readable: ${title}`, async (t) => {
    const { ask } = await door(t);
    const answer = await ask(...request);
    assert.equal(answer.statusCode, 403);
    assert.equal(answer.json().code, 'not-permitted');
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });

test("the household's page asks about one origin, in two motions, and stands in no frame", async (t) => {
  const { ask, grants } = await door(t);
  const page = await ask('GET', `/?origin=${encodeURIComponent(other)}`, {});
  assert.match(
    page.body,
    /May this website play on this device\?.*https:&#47;&#47;evil|May this website.*https:\/\/evil\.example/s,
  );
  assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
  assert.equal(page.headers['access-control-allow-origin'], undefined);
  const strange = await ask('GET', `/?origin=${encodeURIComponent('https://x"><script>')}`, {});
  assert.ok(!/May this website|<script/.test(strange.body));

  const says = (fields: object, headers: object = own) =>
    ask(
      'POST',
      '/allow',
      { ...form, ...headers },
      new URLSearchParams({ token, origin: other, meant: 'yes', ...fields }).toString(),
    );
  const elsewhere = [
    says({ token: '0'.repeat(32) }),
    says({ meant: '' }),
    says({ origin: 'null' }),
    says({}, { origin: other }),
    says({}, { origin: 'null' }),
    says({}, {}),
    says({}, { ...own, 'sec-fetch-site': 'cross-site' }),
  ];
  for (const answer of await Promise.all(elsewhere)) assert.equal(answer.statusCode, 403);
  assert.equal(grants.has(other), false);
  assert.equal((await says({})).statusCode, 303);
  assert.equal(grants.has(other), true);
  assert.ok(!/May this website/.test((await ask('GET', `/?origin=${other}`, {})).body), 'it is not asked about again');
});

test('what is taken back ends at once, with what was played for it', async (t) => {
  const { ask, plays } = await door(t);
  const begun = await ask('POST', '/v1/plays', { origin: mine, ...json }, '{"contentId":"film"}');
  const play = plays.find(mine, begun.json().playId);
  assert.ok(play);
  const foreign = await ask(
    'POST',
    '/forget',
    { ...form, origin: mine },
    `token=${token}&origin=${encodeURIComponent(mine)}`,
  );
  assert.equal(foreign.statusCode, 403);
  const forgotten = await ask(
    'POST',
    '/forget',
    { ...form, ...own },
    `token=${token}&origin=${encodeURIComponent(mine)}`,
  );
  assert.equal(forgotten.statusCode, 303);
  await play.over;
  assert.equal((await ask('GET', '/v1/contents', { origin: mine })).statusCode, 403);
});
