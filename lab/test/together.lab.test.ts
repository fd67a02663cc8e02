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

const starters = [
  [
    'the configuration server tells the media server to start',
    'configuration-server',
    { 'configuration-server': { mediaServers: ['https://203.0.113.10:8446'] } },
  ],
  ['the gateway tells the media server to start', 'gateway', { gateway: { policy: { mediaStarts: 'permitted' } } }],
] as const;

for (const [index, [title, start, overrides]] of starters.entries())
  test(`${title}: the film arrives, nothing else does, and the home is closed again`, limit, async (t) => {
    await using home = await deployed(homes(), `start${index}`, { ...overrides, portal: { start } }, t.signal);
    const stopwatch = () => performance.now();
    const report = await holdOnce(home, { contentId: 'film', family: 4, stopwatch }, t.signal);
    assert.deepEqual(report.reasons, []);
    assert.equal(report.verdict, 'pass');
    assert.equal(report.streams.length, 5);
    for (const { id, kind, protection } of report.streams)
      assert.equal(protection, kind === 'tcp' ? 'clear' : 'srtp', id);
  });
