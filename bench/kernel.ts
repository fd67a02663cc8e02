import { openDataPlane } from '@sluice/kernel';
import { buildNetwork, homes } from '../lab/index.ts';
import { inNamespace } from '../lab/packets/index.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';
import { hold, nthOpening } from './openings.ts';

const held = 60_000;
const rounds = 1_000;

/** One five-stream opening in the kernel, beside nothing and beside 60,000 others. */
export const kernelBenchmark: Benchmark = {
  name: 'kernel',
  about: 'one transaction of five openings, added and removed again',
  async run(say, signal) {
    await using network = await buildNetwork(homes(), 'bench', signal);
    const ends = {
      media: network.address('media', 4),
      gateway: network.address('gateway-1', 4, 'internet'),
      appliance: network.address('tv-1', 4),
    };
    using plane = inNamespace(network.namespace('gateway-1'), () => {
      const opened = openDataPlane();
      opened.load({ wan: ['wan0'], lan: ['lan0'] });
      return opened;
    });
    const five = Array.from({ length: 5 }, (_, index) => nthOpening(ends, held + index));
    const measure = () => {
      const adding: number[] = [];
      const removing: number[] = [];
      for (let round = -200; round < rounds; round++) {
        const before = performance.now();
        const failure = plane.commit({
          add: five.map((opening) => ({ opening, leaseMs: 60_000 })),
          renew: [],
          remove: [],
        });
        const between = performance.now();
        plane.commit({ add: [], renew: [], remove: five });
        const after = performance.now();
        if (failure) throw new Error(`the kernel refused: ${JSON.stringify(failure)}`);
        // The first rounds warm the code up.
        if (round < 0) continue;
        adding.push(between - before);
        removing.push(after - between);
      }
      return { adding: spreadOf(adding), removing: spreadOf(removing) };
    };
    const alone = measure();
    hold(plane, ends, 0, held);
    const among = measure();
    const ratio = among.adding.p50 / alone.adding.p50;
    say({ name: 'add five, none held', figure: describeSpread(alone.adding, 'ms'), holds: alone.adding.p50 < 0.2 });
    say({ name: `add five, ${held} held`, figure: describeSpread(among.adding, 'ms'), holds: among.adding.p50 < 0.2 });
    say({ name: 'remove five, none held', figure: describeSpread(alone.removing, 'ms') });
    say({ name: `remove five, ${held} held`, figure: describeSpread(among.removing, 'ms') });
    say({ name: 'full against empty', figure: `${ratio.toFixed(2)} (at most 1.20)`, holds: ratio <= 1.2 });
  },
};
