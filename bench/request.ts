import type { Content } from '@sluice/api';
import { mediaCache } from '../lab/cache.ts';
import { hostDirectory, originOf, partPorts } from '../lab/configurations.ts';
import { buildNetwork, homes, run } from '../lab/index.ts';
import { apiOf, deploy } from '../lab/parts.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';
import { fsyncSpread } from './fsync.ts';

const rounds = 500;

/** A five-stream request, from the portal's question to the configuration server's answer, the gateway opened in between. */
export const requestBenchmark: Benchmark = {
  name: 'request',
  about: 'a five-stream request at the configuration server, over real TLS, to a real gateway',
  async run(say, signal) {
    await using network = await buildNetwork(homes(), 'bench', signal);
    const cache = mediaCache();
    // A database on disk: durability is part of what is measured.
    const place = '/var/tmp';
    const database = `${place}/sluice-bench-${process.pid}.sqlite`;
    // The portal of this benchmark speaks for no device.
    const overrides = { 'configuration-server': { database }, gateway: { policy: { consent: 'off' } } };
    try {
      await using deployment = await deploy(network, { overrides, ...(cache === undefined ? {} : { cache }) }, signal);
      const listing = await deployment.operator.ask(
        'GET',
        `${originOf(network, 'portal', partPorts.portal)}/v1/contents?family=4`,
        undefined,
        signal,
      );
      const film = (listing.body as { contents: Content[] }).contents.find(({ contentId }) => contentId === 'film');
      if (!film) throw new Error('the media server offers no film');
      const request = {
        applianceId: 'self::tv-1',
        contentId: 'film',
        flow: {
          portal: { address: network.address('portal', 4), port: partPorts.portal },
          observed: { address: network.address('gateway-1', 4, 'internet'), port: 40_000 },
        },
        localAddresses: [network.address('tv-1', 4)],
        streams: film.streams.map((stream, index) => ({ ...stream, localPort: 5000 + index })),
      };
      const out = await run(
        [
          'nsenter',
          `--net=${network.namespace('portal')}`,
          process.execPath,
          new URL('request-asker.ts', import.meta.url).pathname,
          hostDirectory(deployment.directories, 'portal'),
          apiOf(network),
          String(rounds),
          JSON.stringify(request),
        ],
        signal,
      );
      const { asked, answered } = JSON.parse(out) as { asked: number[]; answered: number[] };
      const disk = fsyncSpread(place);
      const whole = spreadOf(asked);
      say({
        name: 'asked to answered, at the portal',
        figure: `${describeSpread(whole, 'ms')} (under 5 and 20)`,
        holds: whole.p50 < 5 && whole.p99 < 20,
      });
      say({ name: 'received to answered, by the session timeline', figure: describeSpread(spreadOf(answered), 'ms') });
      say({ name: `bare fdatasync of 4 KiB in ${place}`, figure: describeSpread(disk, 'ms') });
      say({ name: 'request against fdatasync', figure: `${(whole.p50 / disk.p50).toFixed(1)} times` });
    } finally {
      await run(['sh', '-c', 'rm -f "$1" "$1"-*', 'sh', database], AbortSignal.timeout(5_000));
    }
  },
};
