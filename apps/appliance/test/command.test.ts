import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { applianceCommand } from '../command.ts';
import { loopback } from './loopback.ts';

const program = join(import.meta.dirname, '../../cli/main.ts');

function sluice(...parameters: string[]) {
  const child = spawn(process.execPath, [program, 'appliance', ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reading = createInterface({ input: child.stdout });
  const waiting: [(line: string) => boolean, () => void][] = [];
  reading.on('line', (line) => {
    lines.push(line);
    for (const [fits, resolve] of waiting) if (fits(line)) resolve();
  });
  const line = (fits: (line: string) => boolean) => new Promise<void>((resolve) => waiting.push([fits, resolve]));
  const ended = once(child, 'close').then(([status]) => status as number | null);
  return { child, lines, line, ended };
}

test('the command', async (t) => {
  const { directory, origin, sessions } = await loopback(t, { filmSeconds: 60 });
  const where = ['--portal', origin, '--identity', join(directory, 'appliance')];

  await t.test('plays, tells the moments, and leaves properly when told to stop', async () => {
    const { child, lines, line, ended } = sluice('play', 'film', ...where, '--events');
    const seen = ['video', 'audio', 'subtitles'].map((stream) =>
      line((text) => text === JSON.stringify({ event: 'first-packet', stream })),
    );
    await Promise.all([...seen, line((text) => text.startsWith('{"event":"open"'))]);
    child.kill('SIGTERM');
    const events = ended.then(() => lines.map((text) => JSON.parse(text) as { event: string }));
    const names = (await events).map(({ event }) => event);
    assert.deepEqual(names.slice(-2), ['left', 'result']);
    assert.ok(names.includes('open') && names.includes('step'));
    assert.doesNotMatch(lines.join(), /AEAD_AES|"keys"/, 'no line tells a key');
    const { verdict, ending, reasons } = JSON.parse(lines.at(-1) ?? '');
    assert.deepEqual([verdict, ending, reasons], ['pass', 'left', []]);
    assert.equal(await ended, 0);
    assert.equal([...sessions.values()][0]?.closeReason, 'appliance-left');
  });

  await t.test('prints its result as one JSON object, and tells it by its exit status', async () => {
    const unknown = sluice('play', 'nothing', ...where, '--json');
    assert.equal(await unknown.ended, 1);
    assert.equal(JSON.parse(unknown.lines.join('\n')).refusal.code, 'content-unknown');
    const download = sluice('play', 'download', ...where, '--json');
    assert.equal(await download.ended, 0);
    const result = JSON.parse(download.lines.join('\n'));
    assert.equal(result.verdict, 'pass');
    assert.equal(result.streams[0].bytesReceived, 1_000_000);
  });

  await t.test('prints a session description for other players', async () => {
    const { lines, ended } = sluice('play', 'film', ...where, '--sdp', '--duration', '0.5');
    assert.equal(await ended, 0);
    assert.equal(lines[0], 'v=0');
    assert.ok(lines.some((text) => /^m=video [1-9]\d* RTP\/AVP/.test(text)));
    assert.ok(lines.includes('c=IN IP4 127.0.0.1'));
  });

  await t.test('lists what there is', async () => {
    const { lines, ended } = sluice('list', ...where);
    assert.equal(await ended, 0);
    assert.deepEqual(
      lines.map((text) => text.split(/\s+/)[0]),
      ['film', 'radio', 'download'],
    );
  });
});

test('what is wrong with the options is said', async () => {
  const where = ['--portal', 'https://127.0.0.1:1', '--identity', '/nowhere'];
  for (const wrong of [
    ['--family', '5'],
    ['--first-speaker', 'video=nobody'],
    ['--local-address', '1.2.3'],
    ['--local-port', 'video=0'],
    ['--duration', 'long'],
    ['--json', '--sdp'],
  ]) {
    const command = applianceCommand();
    for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ writeErr: () => {} });
    const asked = command.parseAsync(['play', 'film', ...where, ...wrong], { from: 'user' });
    await assert.rejects(asked, new RegExp(wrong[0] ?? ''));
  }
});
