/** `npm run bench`: runs the benchmarks one after the other inside a world of their own. */
import { once } from 'node:events';
import { enterWorld, insideWorld } from '../lab/index.ts';
import { callsBenchmark } from './calls.ts';
import { consentBenchmark } from './consent.ts';
import { cwmpBenchmark } from './cwmp.ts';
import { describeMachine } from './figures.ts';
import { gatewaysBenchmark } from './gateways.ts';
import { igdBenchmark } from './igd.ts';
import { kernelBenchmark } from './kernel.ts';
import { pathsBenchmark } from './paths.ts';
import { processesBenchmark } from './processes.ts';
import { requestBenchmark } from './request.ts';
import { srtpBenchmark } from './srtp.ts';
import { storeBenchmark } from './store.ts';
import { throughputBenchmark } from './throughput.ts';
import { tripsBenchmark } from './trips.ts';
import { viewersBenchmark } from './viewers.ts';

const benchmarks = [
  kernelBenchmark,
  consentBenchmark,
  throughputBenchmark,
  storeBenchmark,
  requestBenchmark,
  processesBenchmark,
  pathsBenchmark,
  callsBenchmark,
  srtpBenchmark,
  gatewaysBenchmark,
  igdBenchmark,
  cwmpBenchmark,
  tripsBenchmark,
  viewersBenchmark,
];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));

if (unknown.length > 0) {
  process.stderr.write(
    `no benchmark ${unknown.join(', ')}; there are ${benchmarks.map(({ name }) => name).join(', ')}\n`,
  );
  process.exitCode = 2;
} else if (!insideWorld()) {
  const world = enterWorld([process.execPath, import.meta.filename, ...wanted], { stdio: 'inherit' });
  process.on('SIGINT', () => world.kill());
  const [code] = (await once(world, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} else {
  process.stdout.write(`${describeMachine()}\n`);
  let held = true;
  for (const benchmark of benchmarks) {
    if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue;
    process.stdout.write(`\n${benchmark.name}: ${benchmark.about}\n`);
    await benchmark.run(({ name, figure, holds }) => {
      held &&= holds !== false;
      const mark = holds === undefined ? '      ' : holds ? 'holds ' : 'MISSED';
      process.stdout.write(`  ${mark} ${name}: ${figure}\n`);
    }, AbortSignal.timeout(600_000));
  }
  process.exit(held ? 0 : 1);
}
