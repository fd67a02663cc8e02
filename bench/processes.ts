import { join } from 'node:path';
import { mediaCache } from '../lab/cache.ts';
import { hostDirectory, originOf, partPorts } from '../lab/configurations.ts';
import { buildNetwork, homes, run } from '../lab/index.ts';
import { deploy } from '../lab/parts.ts';
import { together } from '../lab/topology.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const rounds = 200;
const layouts: readonly (readonly [name: string, servers: readonly string[], start: string])[] = [
  ['three processes', [], 'portal'],
  ['two: portal and media server are one', ['portal', 'media'], 'portal'],
  ['one process', ['portal', 'configuration', 'media'], 'portal'],
  ['three, the configuration server starts', [], 'configuration-server'],
  ['three, the gateway starts', [], 'gateway'],
];

/** A device's whole request, by who runs where and who tells the media server to start. */
export const processesBenchmark: Benchmark = {
  name: 'processes',
  about: 'a device asks its portal for the radio: servers in three processes, in two, in one; who starts the media',
  async run(say, signal) {
    let first: number | undefined;
    for (const [name, servers, start] of layouts) {
      const { answered, started } = await ask(servers, start, signal);
      const spread = spreadOf(answered);
      first ??= spread.p50;
      const ratio = (spread.p50 / first).toFixed(2);
      const share = start === 'portal' ? `, of it the start ${spreadOf(started).p50.toFixed(2)} ms` : '';
      say({ name, figure: `${describeSpread(spread, 'ms')}, ${ratio} of the first${share}` });
    }
  },
};

interface Samples {
  readonly answered: readonly number[];
  readonly started: readonly number[];
}

async function ask(servers: readonly string[], start: string, signal: AbortSignal): Promise<Samples> {
  await using network = await buildNetwork(together(homes(), servers), 'bench', signal);
  const cache = mediaCache();
  const often = { burst: 1_000_000, perSecond: 1_000_000 };
  const overrides = {
    portal: { start, unnamedAppliances: 'permitted', localPorts: { radio: { audio: 5004 } } },
    'configuration-server': {
      registration: 'every-contact',
      limits: { requests: { appliance: often, gateway: often, address: often } },
      ...(start === 'configuration-server' && {
        mediaServers: [originOf(network, 'media', partPorts.mediaServer)],
      }),
    },
    gateway: { policy: { consent: 'preferred', mediaStarts: 'permitted' } },
  };
  await using home = await deploy(network, { overrides, ...(cache === undefined ? {} : { cache }) }, signal);
  const out = await run(
    [
      ...['nsenter', `--net=${network.namespace('tv-1')}`, process.execPath],
      new URL('portal-asker.ts', import.meta.url).pathname,
      originOf(network, 'portal', partPorts.portal),
      join(hostDirectory(home.directories, 'tv-1'), 'ca.pem'),
      String(rounds),
    ],
    signal,
  );
  return JSON.parse(out) as Samples;
}
