import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { chromium, type Page } from 'playwright-core';
import { screenConfig } from '../config.ts';
import { runScreen } from '../main.ts';
import { loopback } from './loopback.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const skip = executablePath === undefined && 'no Chromium on this machine: apt install chromium';

/** What a page tries at the screen of the device that shows it; each with what became of it. Runs in the browser. */
async function attack(screen: string): Promise<Record<string, string>> {
  const json = JSON.stringify({ contentId: 'film' });
  const tried = async (act: () => Promise<string>): Promise<string> => act().catch(() => 'failed');
  const fetched = (path: string, init?: RequestInit) =>
    tried(async () => {
      const answer = await fetch(`${screen}${path}`, init);
      return answer.type === 'opaque' ? 'sent blindly' : `${answer.status} ${await answer.text()}`;
    });
  const loaded = (element: HTMLIFrameElement) =>
    new Promise<string>((resolve) => {
      element.onload = () => {
        try {
          resolve(element.contentDocument?.title ?? 'not readable');
        } catch {
          resolve('not readable');
        }
      };
      document.body.append(element);
    });
  const frame = document.createElement('iframe');
  frame.src = `${screen}/play/film`;
  const target = document.createElement('iframe');
  target.name = 'target';
  document.body.append(target);
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: `${screen}/shows`, enctype: 'text/plain', target: 'target' });
  const field = document.createElement('input');
  // The body is {"contentId":"film","x":"="}.
  Object.assign(field, { name: '{"contentId":"film","x":"', value: '"}' });
  form.append(field);
  document.body.append(form);
  const posted = new Promise<string>((resolve) => {
    target.onload = () => resolve('sent blindly');
  });
  form.submit();
  return {
    'reads the page that holds the token': await fetched('/play/film'),
    'asks as a page of the screen does': await fetched('/shows', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-screen-token': '0'.repeat(32) },
      body: json,
    }),
    'asks without a preflight': await fetched('/shows', { method: 'POST', mode: 'no-cors', body: json }),
    'sends a form': await posted,
    'frames the player': await loaded(frame),
    'hears the news of a show': await tried(
      () =>
        new Promise((resolve) => {
          const news = new EventSource(`${screen}/shows/1/news`);
          news.onopen = () => resolve('heard');
          news.onerror = () => {
            news.close();
            resolve('failed');
          };
        }),
    ),
  };
}

test('a web page of elsewhere opens no home', { skip, timeout: 120_000 }, async (t) => {
  const { directory, origin, sessions } = await loopback(t, { filmSeconds: 60 });
  const config = { identity: join(directory, 'appliance'), portal: origin, listen: { port: 0 } };
  const screen = await runScreen(screenConfig.parse(config), silentLog, new AbortController().signal);
  t.after(() => screen[Symbol.asyncDispose]());
  const elsewhere = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Elsewhere</title><body>');
  });
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  t.after(() => void elsewhere.close());
  const { port } = elsewhere.address() as AddressInfo;
  // A name of elsewhere that now leads here, as its owner may have it at any time.
  const args = ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1'];
  const browser = await chromium.launch({ executablePath: executablePath ?? '', args });
  t.after(() => browser.close());
  const home = `http://127.0.0.1:${screen.port}`;
  const page: Page = await browser.newPage();

  await t.test('by calling the screen, in any way that a page has', async () => {
    await page.goto(`http://elsewhere.example:${port}/`);
    const outcome = await page.evaluate(attack, home);
    for (const [attempt, became] of Object.entries(outcome))
      assert.match(became, /^(failed|not readable|sent blindly|403 )/, attempt);
    assert.equal(outcome['reads the page that holds the token'], 'failed');
    assert.equal(sessions.size, 0);
  });

  await t.test('by pointing its own name at the device', async () => {
    const answer = await page.goto(`http://elsewhere.example:${screen.port}/play/film`);
    assert.equal(answer?.status(), 403);
    const outcome = await page.evaluate(attack, `http://elsewhere.example:${screen.port}`);
    for (const path of [
      'reads the page that holds the token',
      'asks as a page of the screen does',
      'asks without a preflight',
    ])
      assert.match(outcome[path] ?? '', /^403 /, path);
    assert.equal(sessions.size, 0);
  });

  await t.test('by a link that is followed', async () => {
    await page.goto(`http://elsewhere.example:${port}/`);
    await page.evaluate((to) => {
      const link = document.createElement('a');
      link.href = to;
      document.body.append(link);
      link.click();
    }, `${home}/play/film`);
    await page.waitForURL(/\/play\/film$/);
    await page.getByRole('button').first().waitFor();
    assert.equal(sessions.size, 0, 'the player waits for a person');
  });

  await t.test('while a page of the screen does so in the same way', async () => {
    await page.goto(`${home}/`);
    const status = await page
      .evaluate(async (screenOrigin) => {
        const html = await (await fetch(`${screenOrigin}/play/film`)).text();
        const token = /name="sluice-token" content="(\w+)"/.exec(html)?.[1] ?? '';
        const headers = { 'content-type': 'application/json', 'x-screen-token': token };
        const body = JSON.stringify({ contentId: 'film' });
        return (await fetch(`${screenOrigin}/shows`, { method: 'POST', headers, body })).status;
      }, home)
      .catch((error: Error) => error.message);
    // The portal's page runs nothing, not even by the screen's own word; the player's does.
    assert.match(String(status), /Content Security Policy|Failed to fetch/);
    await page.goto(`${home}/play/film`);
    await page.waitForFunction(() => document.querySelectorAll('#steps li.done').length > 1);
    assert.equal(sessions.size, 1);
  });

  await t.test('and nobody reaches the screen from another machine', async () => {
    // Another address of this one stands for it: the screen is on 127.0.0.1 alone.
    for (const address of ['127.0.0.2', '::1']) {
      const socket = connect(screen.port ?? 0, address);
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.match(`${error.code}`, /ECONNREFUSED|EADDRNOTAVAIL/, address);
    }
  });
});
