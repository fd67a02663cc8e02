/** The inside of `npm start -- --once`: runs in a world of its own. */
import { readArguments } from './arguments.ts';
import { buildNetwork } from './build.ts';
import { mediaCache } from './cache.ts';
import { gatewayRow } from './gateway-rows.ts';
import { describeReport, describeStep } from './once/describe.ts';
import type { OnceReport } from './once/report.ts';
import { holdScene } from './once/scene.ts';
import { deploy } from './parts.ts';
import { sceneNamed } from './scenes.ts';
import { home } from './topologies/home.ts';
import { mainFamily } from './topologies/scene.ts';

// The world is there for the process that made it.
process.on('disconnect', () => process.exit(130));

const { values } = readArguments({
  options: {
    once: { type: 'boolean' },
    json: { type: 'boolean', default: false },
    content: { type: 'string', default: 'film' },
    family: { type: 'string' },
    gateway: { type: 'string', default: 'sluice' },
    topology: { type: 'string', default: home.name },
    media: { type: 'string' },
    port: { type: 'string' },
  },
});
const say = (line: string): void => {
  if (!values.json) process.stdout.write(`${line}\n`);
};
const scene = sceneNamed(values.topology);
const family = values.family === undefined ? mainFamily(scene) : values.family === '6' ? 6 : 4;
/** Nothing of a session takes this long; what does is stuck, and is told so. */
const mostMs = 120_000;

async function hold(): Promise<OnceReport> {
  const signal = AbortSignal.timeout(mostMs);
  const gateway = gatewayRow(values.gateway);
  await using network = await buildNetwork(scene.topology(gateway?.internet), 'once', signal);
  const cache = mediaCache();
  const overrides = {
    // A radio that never ends would never be closed by its end.
    'media-server': { radioSeconds: 8, ...(values.media ? { ownDirectory: values.media } : {}) },
  };
  await using deployment = await deploy(
    network,
    { overrides, gateway, ...(cache === undefined ? {} : { cache }) },
    signal,
  );
  const stopwatch = (): number => performance.now();
  const onStep = (step: OnceReport['steps'][number]): void => say(describeStep(step));
  return await holdScene(scene, deployment, { contentId: values.content, family, onStep, stopwatch }, signal);
}

let report: OnceReport;
try {
  report = await hold();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  const nothing = { content: values.content, family, steps: [], streams: [], probes: [], openingsLeft: null } as const;
  report = { verdict: 'fail', reasons: [reason], ...nothing };
}
const text = values.json ? JSON.stringify(report) : describeReport(report);
process.exitCode = report.verdict === 'pass' ? 0 : 1;
process.stdout.write(`${text}\n`, () => process.exit());
