import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Content, GatewayWord } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { refusalCodes, refuse } from '@sluice/model';
import { FakePortal } from '../test/fake-portal.ts';
import { advice } from './advice.ts';
import { pageFiles, readPageFiles } from './page-files.ts';
import { portalPages } from './portal-pages.ts';
import { screenRoutes } from './routes.ts';
import { openShow, type Show } from './show.ts';
import { emptyStage } from './stage.ts';

const token = 'a-token';
const host = '127.0.0.1:8080';
const content: Content = {
  contentId: 'file',
  title: 'File',
  kind: 'download',
  description: '',
  streams: [{ id: 'file', streamType: 'tcp', remote: { address: '127.0.0.1', port: 9 } }],
};

function world(t: TestContext) {
  const portal = new FakePortal(content);
  const clock = new VirtualClock();
  const shows: Show[] = [];
  const around = { clock, stopwatch: () => clock.now(), random: () => 0.5 };
  const stage = emptyStage();
  const show = (contentId: string, gatewayType: GatewayWord | undefined) => {
    const made = openShow(portal, { contentId, gatewayType }, around, silentLog);
    shows.push(made);
    return made;
  };
  const parts = { pages: portalPages(portal), files: readPageFiles(), stage, token, show };
  const app = screenRoutes(parts, new AbortController().signal);
  t.after(async () => {
    await app.close();
    await stage[Symbol.asyncDispose]();
  });
  const get = (url: string, headers = {}) => app.inject({ url, headers: { host, ...headers } });
  const post = (url: string, payload: object, headers = {}) =>
    app.inject({ method: 'POST', url, payload, headers: { host, 'x-screen-token': token, ...headers } });
  return { portal, clock, shows, get, post };
}

/** The news of a show so far, by name. */
function told(show: Show | undefined): Record<string, object> {
  const items: Record<string, object> = {};
  show?.news.read(({ event, data }) => {
    items[event] = data;
  })();
  return items;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("the portal's page and posters are shown, and nothing in them may run", async (t) => {
  const { portal, get } = world(t);
  const page = await get('/');
  assert.equal(page.statusCode, 200);
  assert.match(page.body, /alert\(1\)/);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /script-src/);
  for (let count = 0; count < 2; count++)
    assert.equal((await get('/posters/file')).headers['content-type'], 'image/jpeg');
  assert.deepEqual(portal.said, ['page /', 'page /posters/file'], 'a poster is asked for once');
});

test('the player names its content and carries the token; its files are there', async (t) => {
  const { get } = world(t);
  const page = await get('/play/%22%3E%3Cscript%3E');
  assert.match(page.body, /content="&#34;&#62;&#60;script&#62;"/);
  assert.match(page.body, /name="sluice-token" content="a-token"/);
  assert.match(page.body, /name="sluice-autostart" content="true"/);
  for (const name of pageFiles) assert.equal((await get(`/screen/${name}`)).statusCode, 200, name);
  assert.equal((await get('/screen/routes.ts')).statusCode, 404);
});

test('a link of another site opens the page, but asks for nothing by itself', async (t) => {
  const { get } = world(t);
  const page = await get('/play/file', { 'sec-fetch-site': 'cross-site' });
  assert.match(page.body, /name="sluice-autostart" content="false"/);
});

test('other names, other origins and pages without the token are refused', async (t) => {
  const { portal, get, post } = world(t);
  for (const name of ['evil.test', 'evil.test:8080', '127.0.0.1.evil.test', '192.168.1.2'])
    assert.equal((await get('/', { host: name })).statusCode, 403, name);
  for (const name of ['localhost', 'localhost:1', '[::1]:80'])
    assert.equal((await get('/', { host: name })).statusCode, 200);
  assert.equal((await post('/shows', { contentId: 'file' }, { 'x-screen-token': 'another' })).statusCode, 403);
  assert.equal((await post('/shows', { contentId: 'file' }, { origin: 'http://evil.test' })).statusCode, 403);
  assert.equal((await get('/', { origin: 'http://evil.test' })).statusCode, 403);
  assert.ok(!portal.said.includes('request'));
});

test('a show tells its steps, and leaving closes the home', async (t) => {
  const { portal, shows, get, post } = world(t);
  const made = await post('/shows', { contentId: 'file' }, { origin: `http://${host}` });
  assert.equal(made.statusCode, 201);
  const { showId } = made.json();
  await settled();
  assert.deepEqual(Object.keys(told(shows[0])), ['content', 'step', 'opened']);
  assert.equal((await get(`/shows/${showId}/media`)).statusCode, 404, 'a download has no picture');
  assert.equal((await post(`/shows/${showId}/leave`, {})).statusCode, 200);
  assert.deepEqual(told(shows[0]).left, { state: 'closed', sent: [] });
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left']);
  assert.equal((await post('/shows/other/leave', {})).statusCode, 200);
  assert.equal((await get('/shows/other/news')).statusCode, 404);
});

test('what a person says of the gateway goes with the request, and is one of the list', async (t) => {
  const { portal, post } = world(t);
  assert.equal((await post('/shows', { contentId: 'file', gatewayType: 'ssh-nft' })).statusCode, 400);
  for (const told of [{}, { gatewayType: 'pcp' }]) {
    await post('/shows', { contentId: 'file', ...told });
    await settled();
  }
  assert.deepEqual(
    portal.bodies.map(({ gatewayType }) => gatewayType),
    [undefined, 'pcp'],
  );
});

test('another show takes the place of the one before', async (t) => {
  const { portal, post } = world(t);
  await post('/shows', { contentId: 'file' });
  await settled();
  await post('/shows', { contentId: 'file' });
  await settled();
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left', 'request']);
});

test('a show that nobody looks at is left', async (t) => {
  const { portal, clock, shows, post } = world(t);
  await post('/shows', { contentId: 'file' });
  await settled();
  const stop = shows[0]?.news.read(() => {});
  await clock.pass(9_000);
  assert.deepEqual(portal.said, ['request']);
  stop?.();
  await post('/shows', { contentId: 'file' });
  await settled();
  await clock.pass(9_000);
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left', 'request', 'leave s1 appliance-left']);
});

test('a refusal is told with its code and what to do', async (t) => {
  const { portal, shows, post } = world(t);
  portal.refusal = refuse('gateway-offline', 'the gateway is offline');
  await post('/shows', { contentId: 'file' });
  await settled();
  assert.deepEqual(told(shows[0]).failed, { ...portal.refusal, advice: advice['gateway-offline'] });
});

test('bad input gets a code', async (t) => {
  const { post } = world(t);
  for (const payload of [{}, { contentId: '' }, { contentId: 'x'.repeat(200) }]) {
    const answer = await post('/shows', payload);
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'malformed']);
  }
  assert.equal((await post('/shows', { contentId: 'x'.repeat(9_000) })).json().code, 'too-large');
});

test('every refusal has its advice', () => {
  assert.deepEqual(Object.keys(advice).toSorted(), [...refusalCodes].toSorted());
});
