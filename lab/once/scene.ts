import type { Deployment } from '../parts.ts';
import type { Scene } from '../topologies/scene.ts';
import { holdCall } from './call.ts';
import { holdRefused } from './refused.ts';
import type { OnceReport } from './report.ts';
import { holdOnce, type OnceOptions } from './session.ts';

/** Holds the session that a scene is there for. Throws RangeError where it has none over that IP version. */
export async function holdScene(
  { name, session }: Scene,
  deployment: Deployment,
  options: OnceOptions,
  signal: AbortSignal,
): Promise<OnceReport> {
  const outcome = session[options.family];
  if (outcome === undefined) throw new RangeError(`${name} has no session over IPv${options.family}`);
  if (outcome === 'film') return holdOnce(deployment, options, signal);
  if (outcome === 'call') return holdCall(deployment, options, signal);
  return holdRefused(deployment, outcome.refused, options, signal);
}
