import type { RefusalCode } from '@sluice/model';
import type { Deployment } from '../parts.ts';
import { appliance, findContent, openingsLeft, portsBefore, surroundingsOf, targetsBefore } from './ground.ts';
import type { ProbeReport } from './probe-report.ts';
import { rightProbe, wrongProbes } from './probes.ts';
import { Probing } from './probing.ts';
import { judgeRefusal, type OnceReport, type Step } from './report.ts';
import type { OnceOptions } from './session.ts';
import { view } from './viewer.ts';

/** Packets of each probe. */
const times = 5;

/**
 * Asks for a session of the first home's television that cannot be, and reports what it was told, and that nothing comes
 * in before or afterwards.
 */
export async function holdRefused(
  deployment: Deployment,
  expected: RefusalCode,
  options: OnceOptions,
  signal: AbortSignal,
): Promise<OnceReport> {
  const { network } = deployment;
  const { contentId, family, stopwatch } = options;
  const steps: Step[] = [];
  const step = (name: string): void => {
    const taken = { step: name, ms: Math.round(stopwatch() * 10) / 10 };
    steps.push(taken);
    options.onStep?.(taken);
  };
  step('lab-ready');
  const content = await findContent(deployment, contentId, family, signal);
  const targets = targetsBefore(content, deployment, family);
  const around = surroundingsOf(network, family);
  using probing = new Probing(network);
  const probes: ProbeReport[] = [];
  const right = targets.flatMap((target) => {
    const probe = rightProbe(target);
    return probe ? [{ target, probe }] : [];
  });
  const wrong = targets.flatMap((target) => wrongProbes(target, around).map((probe) => ({ target, probe })));

  probes.push(...(await probing.try('before', [...right, ...wrong], times, signal)));
  step('probed-before');
  const localPorts = Object.fromEntries(targets.map(({ streamId, local }) => [streamId, local.port]));
  await using viewing = await view(deployment, { contentId, family, localPorts, firstSpeaker: {} }, signal);
  const { refusal } = await viewing.result;
  step('refused');
  // It might have been opened on any port.
  for (const { target, probe } of right)
    probes.push(await probing.sweep('after', target, probe, around.entrances, portsBefore(target), signal));
  probes.push(...(await probing.try('after', wrong, times, signal)));
  step('probed-after');
  const seen = {
    probes,
    openingsLeft: await openingsLeft(deployment, [appliance], signal),
    ...(refusal && { refusal }),
  };
  const reasons = judgeRefusal(expected, seen);
  const verdict = reasons.length === 0 ? 'pass' : 'fail';
  return { verdict, reasons, content: contentId, family, steps, streams: [], ...seen };
}
