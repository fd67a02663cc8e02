import { join } from 'node:path';
import { startMiniupnpd } from '../lab/foreign/miniupnpd.ts';
import { buildNetwork, homes, publicLookingInternet } from '../lab/index.ts';
import { run } from '../lab/run.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const rounds = 300;
const warmUp = 100;
const mostOverheadMs = 1;

/** A mapping on Debian's miniupnpd through our UPnP driver, beside bare SOAP exchanges over a socket. */
export const igdBenchmark: Benchmark = {
  name: 'igd',
  about: 'one mapping opened at a real miniupnpd over SOAP, through our driver and by bare exchanges, in turns',
  async run(say, signal) {
    await using network = await buildNetwork(homes(1, publicLookingInternet), 'igdbench', signal);
    const namespace = network.namespace('gateway-1');
    const options = { namespace, wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' };
    await using gateway = await startMiniupnpd(options, signal);
    const args = [
      network.address('media', 4),
      network.address('tv-1', 4),
      network.address('gateway-1', 4, 'home-1'),
      gateway.httpPort,
      rounds,
      warmUp,
    ];
    const program = [process.execPath, join(import.meta.dirname, 'igd-asker.ts'), ...args.map(String)];
    const line = await run(['nsenter', `--net=${network.namespace('tv-1')}`, '--', ...program], signal);
    const times = JSON.parse(line) as Record<'add' | 'exchanges' | 'ours', number[]>;
    const [add, exchanges, ours] = [times.add, times.exchanges, times.ours].map(spreadOf);
    if (!add || !exchanges || !ours) throw new Error('no figures');
    say({ name: 'bare AddPortMapping alone', figure: describeSpread(add, 'ms') });
    say({ name: 'bare look, AddPortMapping, read back', figure: describeSpread(exchanges, 'ms') });
    say({ name: 'our driver, the same three', figure: describeSpread(ours, 'ms') });
    const overhead = ours.p50 - exchanges.p50;
    const figure = `${overhead.toFixed(3)} ms at p50 (under ${mostOverheadMs} ms)`;
    say({ name: 'overhead over the same exchanges', figure, holds: overhead < mostOverheadMs });
    const whole = ours.p50 - add.p50;
    say({
      name: 'overhead over AddPortMapping alone',
      figure: `${whole.toFixed(3)} ms at p50, the two looks included`,
    });
  },
};
