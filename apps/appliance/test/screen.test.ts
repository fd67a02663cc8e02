import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { silentLog } from '@sluice/io';
import { chromium, type Page } from 'playwright-core';
import { screenConfig } from '../config.ts';
import { runScreen } from '../main.ts';
import { loopback } from './loopback.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const skip = executablePath === undefined && 'no Chromium on this machine: apt install chromium';

const run = promisify(execFile);

async function choose(page: Page, title: string): Promise<void> {
  await page.getByRole('link', { name: title }).click();
  await page.waitForURL(/\/play\//);
}

test("the screen in a person's browser", { skip }, async (t) => {
  const own = await mkdtemp(join(tmpdir(), 'sluice-screen-own-'));
  t.after(() => rm(own, { recursive: true, force: true }));
  await writeFile(join(own, 'letter.txt'), 'Dear home,\n<b>all is well</b>.\n');
  await run('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180',
    '-frames:v',
    '1',
    join(own, 'garden.png'),
  ]);
  const { directory, origin, sessions } = await loopback(t, { filmSeconds: 60, ownDirectory: own });
  const config = { identity: join(directory, 'appliance'), portal: origin, listen: { port: 0 } };
  const screen = await runScreen(screenConfig.parse(config), silentLog, new AbortController().signal);
  t.after(() => screen[Symbol.asyncDispose]());
  const browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const home = `http://127.0.0.1:${screen.port}/`;
  const open = async (): Promise<{ page: Page; wrong: string[] }> => {
    const page = await browser.newPage();
    const wrong: string[] = [];
    page.on('pageerror', ({ message }) => wrong.push(message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(home);
    return { page, wrong };
  };
  const latest = () => [...sessions.values()].at(-1);

  await t.test('the film is chosen on the page, plays with subtitles, and is left', async () => {
    const { page, wrong } = await open();
    const pictures = page.locator('.picture img');
    assert.ok(await pictures.first().evaluate((image: HTMLImageElement) => image.naturalWidth > 0));
    await choose(page, 'Test picture');
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 1);
    await page.getByText(/^Test picture, second \d+$/).waitFor();
    const size = await page
      .locator('video')
      .evaluate((video: HTMLVideoElement) => [video.videoWidth, video.videoHeight]);
    assert.deepEqual(size, [640, 360]);
    const steps = await page.locator('#steps li.done span:first-child').allTextContents();
    assert.deepEqual(steps.toSorted(), [
      'Acknowledged',
      'Gateway configured',
      'Media server started',
      'Request sent',
      'Streaming',
    ]);
    await page.locator('#counters tr').nth(4).waitFor();
    assert.equal(await page.locator('#path .open').count(), 5);
    assert.equal(latest()?.state, 'open');
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByText('The home is closed again').waitFor();
    assert.equal(latest()?.closeReason, 'appliance-left');
    assert.equal(await page.locator('#path .open').count(), 0);
    await page.getByRole('button', { name: 'Play again' }).waitFor();
    assert.deepEqual(wrong, []);
    await page.close();
  });

  await t.test('a radio sounds', async () => {
    const { page, wrong } = await open();
    await choose(page, 'Music box radio');
    await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.5);
    assert.deepEqual(wrong, []);
    await page.close();
  });

  await t.test('a download tells its size and its digest, and its end closes the home', async () => {
    const { page, wrong } = await open();
    await choose(page, 'Download');
    await page.getByText(/^SHA-256 [0-9a-f]{64}$/).waitFor();
    assert.equal(await page.locator('#download-bytes').textContent(), '1.00 MB');
    await page.getByText('The home is closed again').waitFor();
    assert.equal(latest()?.closeReason, 'content-ended');
    assert.deepEqual(wrong, []);
    await page.close();
  });

  await t.test('a picture and a text are shown when all of them is here', async () => {
    const { page, wrong } = await open();
    await choose(page, 'garden');
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('#shown-picture')?.naturalWidth === 320);
    await page.getByText('The home is closed again').waitFor();
    await page.goto(home);
    await choose(page, 'letter');
    await page.locator('#shown-text', { hasText: 'Dear home,' }).waitFor();
    assert.equal(await page.locator('#shown-text').textContent(), 'Dear home,\n<b>all is well</b>.\n');
    await page.getByText('The home is closed again').waitFor();
    assert.deepEqual(wrong, []);
    await page.close();
  });

  await t.test('what is not there is said, with a way on', async () => {
    const { page } = await open();
    await page.goto(`${home}play/nothing`);
    await page.getByRole('alert').getByText('content-unknown').waitFor();
    await page.getByRole('link', { name: 'Choose another' }).click();
    await page.getByRole('heading', { name: 'What would you like to see?' }).waitFor();
    await page.close();
  });

  await t.test(
    'where the gateway cannot be found the person is asked, and the request made again with the word',
    async () => {
      const { page } = await open();
      const asked: unknown[] = [];
      const refusal = { code: 'gateway-not-found', message: 'nobody answers', advice: 'Turn UPnP on.' };
      const lists = [['igd', 'pcp', 'nat-pmp', 'unknown'], undefined];
      await page.route('**/shows', (route) => {
        asked.push(route.request().postDataJSON());
        return route.fulfill({ status: 201, json: { showId: 'x' } });
      });
      await page.route('**/shows/x/news', (route) =>
        route.fulfill({
          contentType: 'text/event-stream',
          body: `event: failed\ndata: ${JSON.stringify({ ...refusal, choices: lists[asked.length - 1] })}\n\n`,
        }),
      );
      await choose(page, 'Test picture');
      await page.getByLabel('What does your router speak?').selectOption('UPnP');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('gateway-not-found').waitFor();
      assert.equal(await page.getByLabel('What does your router speak?').isVisible(), false, 'not asked twice');
      assert.deepEqual(asked, [{ contentId: 'film' }, { contentId: 'film', gatewayType: 'igd' }]);
      await page.close();
    },
  );
});
