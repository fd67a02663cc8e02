import { type DataPlane, openDataPlane } from '@sluice/kernel';
import { type BuiltNetwork, buildNetwork, homes, run } from '../lab/index.ts';
import { inNamespace } from '../lab/packets/index.ts';
import { type Benchmark, spreadOf } from './figures.ts';
import { Generator, type Row } from './generator.ts';
import { firstMediaPort, hold, nthOpening } from './openings.ts';

const held = 60_000;
const packets = 50_000;
const rounds = 15;

/**
 * What one packet costs on its way from the media server through the gateway to the television: on veth links the
 * sender's system call walks the whole way, so the time of a send is the cost of forwarding and the generator's share.
 * Gateways that hold none, one and many are measured in turns, so that whatever else the machine does meets them alike.
 */
export const throughputBenchmark: Benchmark = {
  name: 'throughput',
  about: `packets through the gateway, ${rounds} rounds of ${packets} in turns`,
  async run(say, signal) {
    await using router = await layOut('router', signal);
    await using single = await layOut('single', signal);
    await using many = await layOut('many', signal);
    using alone = openGateway(single, 1);
    using among = openGateway(many, held);
    void [alone, among];
    const subjects = [
      // Without the skeleton a gateway is a plain router, and the media server knows the way in.
      subject('plain forwarding', router, (ends) => [
        { port: firstMediaPort, to: { address: ends.appliance, port: 5000 } },
      ]),
      subject('one opening', single, (ends) => flows(ends, 1)),
      subject(`one of ${held} openings`, many, (ends) => flows(ends, 1)),
      subject(`all of ${held} openings in turn`, many, (ends) => flows(ends, held)),
    ];
    for (const each of subjects) {
      // The first packet of each flow makes its translation entry.
      each.generator.send(each.row, Math.max(packets, each.row.length));
      each.before = await arrivals(each.network, signal);
    }
    for (let round = 0; round < rounds; round++)
      for (const each of subjects) {
        const start = process.hrtime.bigint();
        each.generator.send(each.row, packets);
        each.samples.push(Number(process.hrtime.bigint() - start) / packets);
        each.sent += packets;
      }
    const [plain, one, oneOfMany] = subjects.map(({ samples }) => samples);
    for (const { name, samples } of subjects) {
      const { p50, least, most } = spreadOf(samples);
      const share = ratioOf(plain, samples).toFixed(2);
      say({
        name,
        figure: `${p50.toFixed(0)} ns a packet (${least.toFixed(0)} to ${most.toFixed(0)}), ${share} of plain`,
      });
    }
    for (const { network } of [router, single, many]) {
      const here = subjects.filter((each) => each.network === network);
      const before = Math.min(...here.map((each) => each.before));
      const sent = here.reduce((sum, each) => sum + each.sent, 0);
      // The later of two subjects of one network warmed up after the earlier one's count was taken.
      const warmUp = here.slice(1).reduce((sum, each) => sum + Math.max(packets, each.row.length), 0);
      const lost = Math.max(0, before + warmUp + sent - (await arrivals(network, signal)));
      say({
        name: `lost in ${here.map(({ name }) => name).join(' and ')}`,
        figure: `${lost} of ${sent}`,
        holds: lost === 0,
      });
    }
    const ratio = ratioOf(one, oneOfMany ?? []);
    say({
      name: `rate with ${held} held against one`,
      figure: `${ratio.toFixed(3)} (at least 0.95)`,
      holds: ratio >= 0.95,
    });
  },
};

interface Ends {
  readonly media: string;
  readonly gateway: string;
  readonly appliance: string;
}

function endsOf(network: BuiltNetwork): Ends {
  return {
    media: network.address('media', 4),
    gateway: network.address('gateway-1', 4, 'internet'),
    appliance: network.address('tv-1', 4),
  };
}

interface Place extends AsyncDisposable {
  readonly network: BuiltNetwork;
  readonly generator: Generator;
}

async function layOut(prefix: string, signal: AbortSignal): Promise<Place> {
  const network = await buildNetwork(homes(), prefix, signal);
  // A closed port would answer every packet with an ICMP error, which is not what is measured.
  const sink = 'add table inet sink; add chain inet sink in { type filter hook input priority 0; policy drop; }';
  await run(['nsenter', `--net=${network.namespace('tv-1')}`, 'nft', sink], signal);
  const generator = new Generator(network.namespace('media'), network.address('media', 4));
  return {
    network,
    generator,
    async [Symbol.asyncDispose]() {
      generator[Symbol.dispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

function openGateway({ network }: Place, openings: number): DataPlane {
  return inNamespace(network.namespace('gateway-1'), () => {
    const plane = openDataPlane();
    plane.load({ wan: ['wan0'], lan: ['lan0'] });
    hold(plane, endsOf(network), 0, openings);
    return plane;
  });
}

function flows(ends: Ends, count: number) {
  return Array.from({ length: count }, (_, n) => {
    const { remote, global } = nthOpening(ends, n);
    return { port: remote.port ?? 0, to: global };
  });
}

function subject(name: string, { network, generator }: Place, rowOf: (ends: Ends) => Parameters<Generator['to']>[0]) {
  const row: Row = generator.to(rowOf(endsOf(network)));
  return { name, network, generator, row, samples: [] as number[], before: 0, sent: 0 };
}

/** How much faster `samples` is than `base`, round by round: the middle one. */
function ratioOf(base: readonly number[] | undefined, samples: readonly number[]): number {
  return spreadOf(samples.map((sample, round) => (base?.[round] ?? Number.NaN) / sample)).p50;
}

async function arrivals(network: BuiltNetwork, signal: AbortSignal): Promise<number> {
  const text = await run(['nsenter', `--net=${network.namespace('tv-1')}`, 'cat', '/proc/net/dev'], signal);
  return Number(/eth0:\s*\d+\s+(\d+)/.exec(text)?.[1]);
}
