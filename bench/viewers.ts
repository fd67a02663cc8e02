import { mediaCache } from '../lab/cache.ts';
import { hostDirectory, originOf, partPorts } from '../lab/configurations.ts';
import { buildNetwork, homes, run } from '../lab/index.ts';
import { deploy, sluiceCommand } from '../lab/parts.ts';
import type { Benchmark } from './figures.ts';

const viewers = 20;
const homesWatched = 3;

/** Twenty people watch the film at once, in three homes. */
export const viewersBenchmark: Benchmark = {
  name: 'viewers',
  about: `${viewers} viewers of the film at once, in ${homesWatched} homes`,
  async run(say, signal) {
    await using network = await buildNetwork(homes(homesWatched), 'bench', signal);
    const cache = mediaCache();
    await using deployment = await deploy(network, cache === undefined ? {} : { cache }, signal);
    const portal = originOf(network, 'portal', partPorts.portal);
    const watch = async (viewer: number) => {
      const tv = `tv-${(viewer % homesWatched) + 1}`;
      const identity = hostDirectory(deployment.directories, tv);
      const play = ['appliance', 'play', 'film', '--portal', portal, '--identity', identity, '--json'];
      const out = await run(['nsenter', `--net=${network.namespace(tv)}`, ...sluiceCommand(play)], signal);
      return JSON.parse(out) as {
        verdict: string;
        streams: { kind: string; packetsReceived: number; packetsSent: number; lost: number }[];
      };
    };
    const results = await Promise.all(Array.from({ length: viewers }, (_, viewer) => watch(viewer)));
    const rtp = results.flatMap(({ streams }) => streams.filter(({ kind }) => kind === 'rtp'));
    const received = rtp.reduce((sum, { packetsReceived }) => sum + packetsReceived, 0);
    const lost = rtp.reduce((sum, stream) => sum + stream.lost, 0);
    const whole = results.filter(({ verdict }) => verdict === 'pass').length;
    say({ name: 'sessions that came through', figure: `${whole} of ${viewers}`, holds: whole === viewers });
    say({ name: 'RTP packets', figure: `${received} received, ${lost} lost`, holds: lost === 0 && received > 0 });
  },
};
