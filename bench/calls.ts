import { hostDirectory, originOf, partPorts } from '../lab/configurations.ts';
import { buildNetwork, homes } from '../lab/index.ts';
import { type Deployment, deploy } from '../lab/parts.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const rounds = 10;

interface Told {
  readonly verdict: string;
  readonly firstMs: number;
  readonly lost: number;
  readonly steps: readonly { readonly step: string; readonly ms: number }[];
}

/** Two devices in two homes call each other: how soon after the answer the other one is heard. */
export const callsBenchmark: Benchmark = {
  name: 'calls',
  about:
    'a call between two homes: from the answer to the first packet of the other party, which is sent when that one has its answer: nothing is exchanged in between',
  async run(say, signal) {
    await using network = await buildNetwork(homes(2), 'bench', signal);
    await using town = await deploy(network, {}, signal);
    const results: Told[] = [];
    for (let round = 0; round < rounds; round++)
      results.push(...(await Promise.all([call(town, 'tv-1', 'tv-2', signal), call(town, 'tv-2', 'tv-1', signal)])));
    const passed = results.filter(({ verdict, lost }) => verdict === 'pass' && lost === 0).length;
    say({ name: 'calls heard, nothing lost', figure: `${passed} of ${2 * rounds}`, holds: passed === 2 * rounds });
    const opened = results.map(({ steps }) => {
      const at = (name: string) => steps.find(({ step }) => step === name)?.ms ?? Number.NaN;
      return at('homes-open') - at('both-there');
    });
    say({ name: 'both there to both homes open', figure: describeSpread(spreadOf(opened), 'ms') });
    say({
      name: 'answer to first packet',
      figure: describeSpread(spreadOf(results.map(({ firstMs }) => firstMs)), 'ms'),
    });
  },
};

async function call({ network, directories, sluice }: Deployment, host: string, other: string, signal: AbortSignal) {
  const where = [
    '--portal',
    originOf(network, 'portal', partPorts.portal),
    '--identity',
    hostDirectory(directories, host),
  ];
  const args = ['appliance', 'call', 'bench', '--with', `self::${other}`, ...where, '--seconds', '1', '--json'];
  return JSON.parse(await sluice(host, args, signal)) as Told;
}
