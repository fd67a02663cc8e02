import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { chromium } from 'playwright-core';

const limit = { timeout: 180_000 };

/** The address that `npm start` prints. */
async function addressOf(demo: ChildProcess): Promise<string> {
  const said: string[] = [];
  assert.ok(demo.stdout && demo.stderr);
  createInterface({ input: demo.stderr }).on('line', (line) => said.push(line));
  for await (const line of createInterface({ input: demo.stdout })) {
    said.push(line);
    const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0];
    if (address) return address;
  }
  throw new Error(`no address:\n${said.join('\n')}`);
}

test('a person chooses the film in a browser and sees it play; Ctrl-C leaves nothing', limit, async (t) => {
  const demo = spawn(process.execPath, [join(import.meta.dirname, '../start.ts'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => demo.kill('SIGKILL'));
  const address = await addressOf(demo);

  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(address);
  // Everything that the page of contents shows is there, posters included.
  const posters = page.locator('a img');
  for (let i = 0; i < (await posters.count()); i++)
    await posters.nth(i).evaluate((image: HTMLImageElement) => image.decode());
  await page.locator('a[href="play/film"]').first().click();

  // The condition is met in the browser alone, by pictures that have been decoded and shown.
  await page.waitForFunction(
    () => {
      const video = document.querySelector('video');
      return video && !video.paused && video.currentTime > 2 && video.videoWidth > 0;
    },
    undefined,
    { timeout: 90_000 },
  );
  const steps = (await page.locator('#steps li').allInnerTexts()).join('\n');
  for (const step of [/gateway/i, /stream/i]) assert.match(steps, step);
  assert.deepEqual(faults, []);

  demo.kill('SIGINT');
  const [code] = await once(demo, 'exit');
  assert.equal(code, 0);
  await assert.rejects(fetch(address), 'nobody listens any more');
});
