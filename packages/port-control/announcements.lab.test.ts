import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startOnHost } from '../../lab/process.ts';
import { openForeignHome } from './test/lab-home.ts';

const program = join(import.meta.dirname, 'test/hear-announcements.ts');

test('a real gateway that starts is heard over IPv4 and IPv6, from addresses of its own', async (t) => {
  await using home = await openForeignHome('hear', t.signal);
  await home.gateway.kill(t.signal);
  const heard = new Set<string>();
  const enough = Promise.withResolvers<void>();
  await using listener = await startOnHost(
    {
      name: 'hear-announcements',
      namespace: home.network.namespace('tv-1'),
      command: [process.execPath, program],
      onLine(line) {
        const { kind, from, missed } = JSON.parse(line) as { kind?: string; from: string; missed?: string };
        if (missed !== undefined) enough.reject(new Error(line));
        heard.add(`${kind} ${from.startsWith('fe80') ? 'link-local' : from}`);
        if (heard.has('pcp 192.168.1.1') && heard.has('pcp link-local')) enough.resolve();
      },
    },
    t.signal,
  );
  await home.gateway.start(t.signal);
  const late = AbortSignal.timeout(10_000);
  late.addEventListener('abort', () => enough.reject(new Error(`heard ${[...heard].join(', ')}; ${listener.log}`)));
  await enough.promise;
  assert.deepEqual([...heard].sort(), ['pcp 192.168.1.1', 'pcp link-local']);
});
