import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { sluiceCommand } from '../parts.ts';
import { startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { deployedHome } from './deployed-home.ts';
import { inHomeRows } from './foreign-rows.ts';

const limit = { timeout: 120_000 };
const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find(existsSync);
const skip = python === undefined && 'no Python on this machine: apt install python3';

/** The program of docs/programs.md, as it stands there. */
async function example(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../docs/programs.md'), 'utf8');
  return /```python\n(.*?)```/s.exec(text)?.[1] ?? assert.fail('no program');
}

test('a program in another language asks through the daemon, and receives at its own port', {
  ...limit,
  skip,
}, async (t) => {
  await using home = await deployedHome('programs', {}, t.signal);
  const { network } = home;
  const directory = hostDirectory(home.directories, 'tv-1');
  const socket = join(directory, 'daemon.socket');
  const file = join(directory, 'daemon.json');
  const portal = originOf(network, 'portal', partPorts.portal);
  await writeFile(file, JSON.stringify({ identity: directory, portal, socket }));
  const onTv = { namespace: network.namespace('tv-1') };
  const daemon = sluiceCommand(['appliance', 'daemon', '--config', file]);
  await using _daemon = await startOnHost({ ...onTv, name: 'daemon', command: daemon }, t.signal);
  const openings = () => openingsInKernel(network, 'gateway-1', t.signal);
  const untilOpenings = async (count: number) => {
    const deadline = AbortSignal.any([t.signal, AbortSignal.timeout(30_000)]);
    while ((await openings()) !== count) await setTimeout(50, undefined, { signal: deadline });
  };
  const program = ['nsenter', `--net=${onTv.namespace}`, '--', python ?? '', '-c', await example(), socket];

  const said = await run(program, t.signal);
  assert.match(
    said,
    new RegExp(`^open \\S+\nreceived from ${network.address('media', 4).replaceAll('.', '\\.')} \\d+\n$`),
  );
  await untilOpenings(0);

  // One that would go on for ever is killed.
  const endless = (await example()).replace('range(100)', 'iter(int, 1)');
  const killed = await startOnHost(
    { ...onTv, name: 'python', command: [python ?? '', '-c', endless, socket], becomesReady: false },
    t.signal,
  );
  await untilOpenings(1);
  killed.kill('SIGKILL');
  await killed.ended;
  await untilOpenings(0);

  const refused = home.sluice('tv-1', ['ask', 'radio', '--socket', socket, '--ports', 'audio=5000'], t.signal);
  await assert.rejects(refused, /no program of yours receives at UDP 192\.168\.1\.2:5000; open it first/);
});

test('the same behind miniupnpd: the daemon opens for the program, and sends its port nothing of its own', {
  ...limit,
  skip,
}, async (t) => {
  const row = inHomeRows.find(([name]) => name === 'pcp')?.[1];
  await using home = await deployedHome('programs-in', {}, t.signal, row);
  const { network } = home;
  const directory = hostDirectory(home.directories, 'tv-1');
  const [socket, file] = [join(directory, 'daemon.socket'), join(directory, 'daemon.json')];
  await writeFile(
    file,
    JSON.stringify({ identity: directory, portal: originOf(network, 'portal', partPorts.portal), socket }),
  );
  const onTv = { namespace: network.namespace('tv-1') };
  const daemon = sluiceCommand(['appliance', 'daemon', '--config', file]);
  await using _daemon = await startOnHost({ ...onTv, name: 'daemon', command: daemon }, t.signal);
  const untilOpenings = async (count: number) => {
    const deadline = AbortSignal.any([t.signal, AbortSignal.timeout(30_000)]);
    while ((await home.foreign('gateway-1')?.openings(deadline)) !== count)
      await setTimeout(50, undefined, { signal: deadline });
  };
  // It ends at the first packet that is no RTP of the radio's: a probe would be one.
  const strict = (await example()).replace(
    /^( +)packet, sender = (.*)$/m,
    '$1packet, sender = $2\n$1assert len(packet) > 50, packet',
  );
  const said = await run(['nsenter', `--net=${onTv.namespace}`, '--', python ?? '', '-c', strict, socket], t.signal);
  assert.match(said, /^open \S+\nreceived from /);
  await untilOpenings(0);
});
