import { type Refusal, refuse } from '@sluice/model';
import type { LiveSession } from './live.ts';
import { countedBy } from './live-sessions.ts';
import type { Workings } from './workings.ts';

/** Whether a session that begins fits beside those there are. It is among the live ones already, so its own openings are counted. */
export function checkQuotas(w: Workings, live: LiveSession): Refusal | undefined {
  const { settings } = w;
  const limits = {
    appliance: settings.openingsPerAppliance,
    gateway: settings.openingsPerGateway,
    address: settings.openingsPerAddress,
    portal: settings.openingsPerPortal,
  };
  for (const { by, name } of countedBy(live)) {
    const most = limits[by];
    if (most === undefined || w.live.openingsOf(by, name) <= most) continue;
    return refuse('quota-exceeded', `the ${by} ${name} may have ${most} openings at once; close a session first`);
  }
  return undefined;
}
