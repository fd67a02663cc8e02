import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { introductionPort } from '@sluice/api';
import { openAuthority } from '@sluice/identity';
import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import type { Door, FloodCounts, FloodOrders, FloodTarget, HonestOrders, HonestTimes } from '../flood/orders.ts';
import type { Deployment } from '../parts.ts';
import { type HostProcess, startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 180_000 };
const ports = { ...partPorts, enrolment: 8448, signIn: 8449, cwmp: 7547, gatewayUsp: 8450, screen: 8080 } as const;
const silent = 2_000;
/** A second, at each port. */
const rates = { silentPerSecond: 100, badPerSecond: 50, slow: 20 };
/** What a part may take more than before, MB: 512 connections in their handshakes, and what the collector leaves lying. */
const mostGrowthMB = 150;
const mostMs = 1_000;
/** One more /24 of addresses that the stranger floods from; all of its IPv6 is one /64. */
const strangers = Array.from({ length: 40 }, (_, n) => `203.0.113.${100 + n}`);

let directory: string;
let home: Deployment;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-flood-'));
  const authority = join(directory, 'authority');
  await openAuthority(authority);
  const often = { burst: 10_000, perSecond: 1_000 };
  home = await deployedHome(
    'flood',
    {
      'configuration-server': {
        authority,
        enrolment: { port: ports.enrolment },
        operators: { port: ports.signIn },
        cwmp: { port: ports.cwmp },
        limits: { requests: { appliance: often, gateway: often, address: often, portal: often } },
      },
      gateway: { listen: { port: ports.gatewayUsp } },
      appliance: { listen: { port: ports.screen } },
    },
    AbortSignal.timeout(limit.timeout),
  );
  await home.start('tv-1', AbortSignal.timeout(30_000));
  const { network } = home;
  const add = strangers.map((address) => `addr add ${address}/24 dev eth0`).join('\n');
  const namespace = network.namespace('stranger').replace('/run/netns/', '');
  await run(['ip', '-n', namespace, '-batch', '-'], AbortSignal.timeout(10_000), `${add}\n`);
}, limit);
after(async () => {
  await home[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const at = (host: string, network?: string): string => home.network.address(host, 4, network);

/** Every port that a part listens on with TCP, and an honest question at it. */
function doorsOf(): Door[] {
  const portal = { host: 'portal', address: at('portal'), room: 600 };
  const configuration = { host: 'configuration', address: at('configuration'), room: 600 };
  const media = { host: 'media', address: at('media'), room: 600 };
  const gateway = { host: 'gateway-1', room: 100 };
  return [
    { ...portal, name: 'portal', port: ports.portal, path: '/v1/contents' },
    { ...configuration, name: 'configuration server, API', port: ports.configurationApi, path: '/healthz' },
    { ...configuration, name: 'configuration server, USP', port: ports.configurationUsp, path: '/usp' },
    { ...configuration, name: 'configuration server, enrolment', port: ports.enrolment, path: '/healthz' },
    { ...configuration, name: 'configuration server, sign-in', port: ports.signIn, path: '/healthz' },
    // Devices prove who they are by a password, in a request: all of a carrier's may be there before they did.
    { ...configuration, name: 'configuration server, CWMP', port: ports.cwmp, path: '/', plain: true, room: 4_200 },
    { ...media, name: 'media server', port: ports.mediaServer, path: '/healthz' },
    { ...gateway, name: 'gateway, USP', address: at('gateway-1', 'internet'), port: ports.gatewayUsp, path: '/usp' },
    {
      ...gateway,
      name: 'gateway, introductions',
      address: at('gateway-1', 'home-1'),
      port: introductionPort,
      path: '/',
    },
    // The flood and the honest one are on the same device.
    {
      ...{ name: 'appliance, screen', host: 'tv-1', address: '127.0.0.1', port: ports.screen, path: '/healthz' },
      plain: true,
      room: 200,
    },
  ];
}

/** Connections that a part has on a port now. */
async function connectionsAt({ host, port }: Door, signal: AbortSignal): Promise<number> {
  const ss = ['ss', '-Htn', 'state', 'established', `( sport = :${port} )`];
  const out = await run(['nsenter', `--net=${home.network.namespace(host)}`, '--', ...ss], signal);
  return out.split('\n').filter((line) => line !== '').length;
}

function program(name: string): string {
  return join(import.meta.dirname, '../flood', name);
}

function flood(host: string, targets: readonly FloodTarget[], more: object, signal: AbortSignal): Promise<HostProcess> {
  const orders: FloodOrders = { targets, silent, ...rates, ...more };
  // It stands for machines elsewhere: what it costs itself is not to be taken from those that it floods.
  const command = ['nice', '-n', '10', process.execPath, program('flooder-main.ts'), JSON.stringify(orders)];
  return startOnHost({ name: `flooder on ${host}`, namespace: home.network.namespace(host), command }, signal);
}

async function askHonestly(sessions: number, knocks: number, signal: AbortSignal): Promise<HonestTimes> {
  const orders: HonestOrders = {
    portal: originOf(home.network, 'portal', ports.portal),
    identity: hostDirectory(home.directories, 'tv-1'),
    contentId: 'radio',
    ...{ sessions, knocks, doors: doorsOf() },
  };
  const command = [process.execPath, program('honest-main.ts'), JSON.stringify(orders)];
  return JSON.parse(await run(['nsenter', `--net=${home.network.namespace('tv-1')}`, '--', ...command], signal));
}

const parts = ['portal', 'configuration', 'media', 'gateway-1', 'tv-1'] as const;

async function memoryMB(what: 'VmRSS' | 'VmHWM'): Promise<number[]> {
  const read = async (pid: number): Promise<number> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  };
  return Promise.all(parts.map((part) => read(home.part(part).pid)));
}

/** Processor time that a part has used. */
async function processorSeconds(part: string): Promise<number> {
  const stat = await readFile(`/proc/${home.part(part).pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user ?? 0) + (system ?? 0)) / 100;
}

function spread(samples: readonly number[]): { p50: number; p99: number; text: string } {
  const sorted = samples.toSorted((a, b) => a - b);
  const of = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const [p50, p99] = [of(0.5), of(0.99)];
  return { p50, p99, text: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${samples.length} times` };
}

function tell(t: TestContext, when: string, times: HonestTimes): void {
  t.diagnostic(`${when}: a session ${spread(times.sessions).text}`);
  for (const [name, samples] of Object.entries(times.doors)) t.diagnostic(`${when}: ${name} ${spread(samples).text}`);
}

test(
  '2,000 connections that say nothing on every port, bad handshakes and slow requests: the honest are served',
  limit,
  async (t) => {
    const quiet = await askHonestly(10, 10, t.signal);
    assert.deepEqual(quiet.failures, []);
    tell(t, 'without a flood', quiet);
    const before = await memoryMB('VmRSS');

    const named = (...names: string[]): FloodTarget[] =>
      doorsOf()
        .filter(({ name }) => names.some((part) => name.startsWith(part)))
        .map(({ name, address, port, plain }) => ({ name, address, port, ...(plain && { plain }) }));
    await using stack = new AsyncDisposableStack();
    const flooders = await Promise.all([
      flood('stranger', named('portal', 'configuration', 'media', 'gateway, USP'), { sources: strangers }, t.signal),
      flood('tablet-1', named('gateway, intro'), {}, t.signal),
      // A program on the device itself.
      flood('tv-1', named('appliance'), {}, t.signal),
    ]);
    for (const flooder of flooders) stack.use(flooder);
    const connections = await Promise.all(doorsOf().map((door) => connectionsAt(door, t.signal)));
    const flooded = await askHonestly(100, 100, t.signal);
    const after = await memoryMB('VmHWM');
    const counts: FloodCounts[] = [];
    for (const flooder of flooders) {
      await flooder.stop();
      counts.push(...(JSON.parse(flooder.log.at(-1) ?? '{}') as { counts: FloodCounts[] }).counts);
    }

    for (const { name, silent, bad, slow } of counts)
      t.diagnostic(`${name}: ${silent} silent, ${bad} bad, ${slow} slow`);
    tell(t, 'in the flood', flooded);
    for (const [index, { name, room }] of doorsOf().entries()) {
      t.diagnostic(`${name}: ${connections[index]} connections once all had come`);
      assert.ok((connections[index] ?? room) < room, `${name} has ${connections[index]} connections`);
    }
    for (const [index, part] of parts.entries())
      t.diagnostic(`${part}: ${Math.round(before[index] ?? 0)} MB before, ${Math.round(after[index] ?? 0)} MB at most`);
    assert.equal(counts.length, doorsOf().length, 'every port was flooded');
    for (const count of counts) assert.ok(count.silent >= silent && count.bad > 100, JSON.stringify(count));
    assert.deepEqual(flooded.failures, []);
    assert.ok(spread(flooded.sessions).p99 < mostMs, spread(flooded.sessions).text);
    for (const [name, samples] of Object.entries(flooded.doors))
      assert.ok(spread(samples).p99 < mostMs, `${name}: ${spread(samples).text}`);
    for (const [index, part] of parts.entries())
      assert.ok((after[index] ?? 0) - (before[index] ?? 0) < mostGrowthMB, `${part} grew to ${after[index]} MB`);
  },
);

test('an address that begins handshakes without end is turned away before them', limit, async (t) => {
  const [target = assert.fail()] = doorsOf();
  const { name, address, port } = target;
  const only = { silent: 0, silentPerSecond: 0, badPerSecond: 1_000, slow: 0 };
  await using flooder = await flood('stranger', [{ name, address, port }], only, t.signal);
  const began = performance.now();
  const before = await processorSeconds('portal');
  const flooded = await askHonestly(50, 0, t.signal);
  const seconds = (performance.now() - began) / 1_000;
  const share = ((await processorSeconds('portal')) - before) / seconds;
  await flooder.stop();
  const { counts } = JSON.parse(flooder.log.at(-1) ?? '{}') as { counts: FloodCounts[] };
  const { bad = 0, answered = 0 } = counts[0] ?? {};
  t.diagnostic(`${bad} bad handshakes in ${seconds.toFixed(1)} s, ${answered} answered, ${share.toFixed(2)} of a core`);
  t.diagnostic(`a session ${spread(flooded.sessions).text}`);
  assert.ok(bad > 200 * seconds, 'there is a flood');
  // A hundred a second, those of the second that began before and of the one that is under way.
  assert.ok(answered > 0 && answered < 100 * (seconds + 2), `${answered} answered`);
  assert.deepEqual(flooded.failures, []);
  assert.ok(spread(flooded.sessions).p99 < mostMs, spread(flooded.sessions).text);
});
