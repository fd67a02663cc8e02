import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { chromium } from 'playwright-core';
import { websitesAt } from '../daemon/client.ts';
import { daemonConfig } from '../daemon/config.ts';
import { runDaemon } from '../daemon/main.ts';
import { loopback } from './loopback.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const skip = executablePath === undefined && 'no Chromium on this machine: apt install chromium';

/** The page of docs/programs.md, as it stands there, for a daemon at that port. */
async function examplePage(port: number): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../../docs/programs.md'), 'utf8');
  const page = /```html\n(.*?)```/s.exec(text)?.[1] ?? assert.fail('no page');
  return `<!doctype html><title>Films</title>${page.replaceAll('8091', String(port))}`;
}

/** What a page tries at the daemon; each with what became of it. Runs in the browser. */
async function attempts(daemon: string): Promise<Record<string, string>> {
  const tried = (act: () => Promise<string>): Promise<string> => act().catch(() => 'failed');
  const body = JSON.stringify({ contentId: 'film' });
  const fetched = (path: string, init?: RequestInit) =>
    tried(async () => {
      const answer = await fetch(`${daemon}${path}`, init);
      return answer.type === 'opaque' ? 'sent blindly' : `${answer.status} ${await answer.text()}`;
    });
  const frame = document.createElement('iframe');
  frame.src = `${daemon}/?origin=${encodeURIComponent(location.origin)}`;
  const framed = new Promise<string>((resolve) => {
    frame.onload = () => {
      try {
        resolve(frame.contentDocument?.title ?? 'not readable');
      } catch {
        resolve('not readable');
      }
    };
  });
  document.body.append(frame);
  return {
    'asks what there is': await fetched('/v1/contents'),
    'has it played': await fetched('/v1/plays', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    }),
    'has it played without a preflight': await fetched('/v1/plays', { method: 'POST', mode: 'no-cors', body }),
    "reads the household's page": await fetched('/'),
    'allows itself': await fetched('/allow', {
      method: 'POST',
      mode: 'no-cors',
      body: new URLSearchParams({ token: '', origin: location.origin, meant: 'yes' }),
    }),
    "frames the household's page": await framed,
  };
}

test('a page in a browser has a player of the device play, with the consent of its household', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const { directory, origin, sessions } = await loopback(t, { filmSeconds: 60 });
  const socket = join(directory, 'daemon.sock');
  const frames = join(directory, 'frames');
  const player = ['ffmpeg', '-v', 'error', '-protocol_whitelist', 'file,udp,rtp', '-i', '{sdp}'];
  const config = {
    ...{ identity: join(directory, 'appliance'), portal: origin, socket },
    browser: {
      port: 0,
      player: [...player, '-flush_packets', '1', '-f', 'framecrc', '-y', frames],
      grants: join(directory, 'grants.json'),
    },
  };
  const daemon = await runDaemon(daemonConfig.parse(config), silentLog, new AbortController().signal);
  t.after(() => daemon[Symbol.asyncDispose]());
  const page = await examplePage(daemon.browserPort ?? 0);
  const website = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(page)).listen(
    0,
    '127.0.0.1',
  );
  await once(website, 'listening');
  t.after(() => {
    website.close();
    website.closeAllConnections();
  });
  const { port } = website.address() as AddressInfo;
  // One server, two origins.
  const [films, evil] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  const browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const context = await browser.newContext();
  const at = `http://127.0.0.1:${daemon.browserPort}`;
  const last = () => [...sessions.values()].at(-1);
  const isClosed = async () => {
    const deadline = Date.now() + 20_000;
    while (last()?.state !== 'closed') {
      assert.ok(Date.now() < deadline, 'not closed');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  await t.test('nobody was asked: a page gets nothing, and changes nothing', async () => {
    for (const where of [films, evil]) {
      const tab = await context.newPage();
      await tab.goto(where);
      assert.deepEqual(await tab.evaluate(attempts, at), {
        'asks what there is': 'failed',
        'has it played': 'failed',
        'has it played without a preflight': 'sent blindly',
        "reads the household's page": 'failed',
        'allows itself': 'sent blindly',
        "frames the household's page": 'not readable',
      });
      await tab.close();
    }
    assert.equal(sessions.size, 0);
    assert.deepEqual(await websitesAt(socket, undefined, t.signal), { kind: 'granted', value: [] });
  });

  const tab = await context.newPage();
  await tab.goto(films);
  await t.test('the page sends the person to the household, who allows it once; then it plays', async () => {
    const asking = context.waitForEvent('page');
    await tab.getByRole('button', { name: 'Play the film' }).click();
    const household = await asking;
    await household.getByRole('heading', { name: 'May this website play on this device?' }).waitFor();
    await household.getByText(films, { exact: true }).waitFor();
    const allow = household.getByRole('button', { name: 'Allow' });
    await allow.click();
    assert.ok(await allow.isVisible(), 'one click is not enough');
    await household.getByRole('checkbox').check();
    await allow.click();
    await household.getByRole('button', { name: 'Take back' }).waitFor();
    assert.equal(sessions.size, 0);

    await tab.getByRole('button', { name: 'Play the film' }).click();
    await tab.getByText('opened').waitFor();
    assert.equal(last()?.state, 'open');
    const deadline = Date.now() + 30_000;
    const shown = () => readFile(frames, 'utf8').catch(() => '');
    while (!/^0, /m.test(await shown()) || !/^1, /m.test(await shown())) {
      assert.ok(Date.now() < deadline, `the player shows nothing: ${(await shown()).slice(0, 500)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await tab.getByRole('button', { name: 'Stop' }).click();
    await tab.getByText('left').waitFor();
    assert.equal(last()?.closeReason, 'appliance-left');
    await household.close();
  });

  await t.test('another origin, of the same server, still gets nothing', async () => {
    const other = await context.newPage();
    await other.goto(evil);
    const became = await other.evaluate(attempts, at);
    assert.deepEqual([became['asks what there is'], became['has it played']], ['failed', 'failed']);
    assert.equal(sessions.size, 1);
    await other.close();
  });

  await t.test('the household takes it back: what is played ends', async () => {
    await tab.getByRole('button', { name: 'Play the film' }).click();
    await tab.getByText('opened').waitFor();
    assert.equal(sessions.size, 2);
    const left = await websitesAt(socket, { forget: films }, t.signal);
    assert.deepEqual(left, { kind: 'granted', value: [] });
    await isClosed();
    assert.equal((await tab.evaluate(attempts, at))['has it played'], 'failed');
  });

  await t.test('a website on the internet, over https', async () => {
    const secure = 'https://films.example';
    assert.equal((await websitesAt(socket, { allow: secure }, t.signal)).kind, 'granted');
    await context.grantPermissions(['local-network-access'], { origin: secure });
    await context.route(`${secure}/**`, (route) => route.fulfill({ contentType: 'text/html', body: page }));
    const far = await context.newPage();
    await far.goto(`${secure}/`);
    await far.getByRole('button', { name: 'Play the film' }).click();
    await far.getByText('opened').waitFor();
    await far.getByRole('button', { name: 'Stop' }).click();
    await far.getByText('left').waitFor();
  });

  await t.test('what can be anybody on the way is not allowed', async () => {
    assert.equal((await websitesAt(socket, { allow: 'http://films.example' }, t.signal)).kind, 'refused');
  });
});
