import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OnceReport } from '../once/report.ts';
import { run } from '../run.ts';

const root = join(import.meta.dirname, '../..');
/** Seen by everyone in this world, and by no one outside. */
const checkout = '/mnt';
const homeDirectory = '/srv';
const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

test('npm start -- --once gives an ordinary user the same', { timeout: 240_000 }, async (t) => {
  const map = await readFile('/proc/self/uid_map', 'utf8');
  if (!/^\s*0\s+0\s/.test(map)) return t.skip('these tests are run by an ordinary user already, all of them');
  await run(['mount', '--bind', root, checkout], t.signal);
  await run(['mount', '-t', 'tmpfs', '-o', 'mode=0777', 'none', homeDirectory], t.signal);
  const readable = await run([...nobody, 'test', '-r', join(checkout, 'package.json')], t.signal).catch(
    () => undefined,
  );
  if (readable === undefined) return t.skip('this checkout is for its owner alone to read');
  const inCheckout = (path: string): string => path.replace(root, checkout);
  const text = await run(
    [
      ...[...nobody, 'env', `HOME=${homeDirectory}`],
      ...[inCheckout(process.execPath), join(checkout, 'lab/bin/start.mjs'), '--once', '--json'],
    ],
    t.signal,
  );
  const report = JSON.parse(text) as OnceReport;
  assert.deepEqual(report.reasons, []);
  assert.equal(report.verdict, 'pass');
  assert.equal(report.streams.length, 5);
});
