import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdOnce } from '../once/session.ts';
import { homes } from '../topologies/home.ts';
import { together } from '../topology.ts';
import { deployed } from './deployed-home.ts';

const limit = { timeout: 180_000 };
const layouts: readonly (readonly [title: string, servers: readonly string[]])[] = [
  ['configuration server, portal and media server are one process', ['portal', 'configuration', 'media']],
  ['portal and media server are one process, the configuration server another', ['portal', 'media']],
];

for (const [index, [title, servers]] of layouts.entries())
  test(`${title}: the film arrives, nothing else does, and the home is closed again`, limit, async (t) => {
    await using home = await deployed(together(homes(), servers), `tog${index}`, {}, t.signal);
    const processes = new Set(['portal', 'configuration', 'media'].map((host) => home.part(host).pid));
    assert.equal(processes.size, 4 - servers.length);
    const stopwatch = () => performance.now();
    const report = await holdOnce(home, { contentId: 'film', family: 4, stopwatch }, t.signal);
    assert.deepEqual(report.reasons, []);
    assert.equal(report.verdict, 'pass');
    assert.equal(report.streams.length, 5);
  });
