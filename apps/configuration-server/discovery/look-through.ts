import { sightingsOf } from '@sluice/api';
import type { Clock, HomeSightings } from '@sluice/model';
import type { ApplianceLinks } from '../by-appliance/links.ts';

/** Longest that an appliance may take to look, ms; it stops itself after three seconds. */
const withinMs = 3_500;

/** What an appliance sees of its gateway, or why that is not known. Never rejects. */
export type LookThrough = (applianceId: string, signal: AbortSignal) => Promise<HomeSightings | string>;

/** Asks an appliance over its connection, once it has one. */
export function lookThrough(links: ApplianceLinks, clock: Clock): LookThrough {
  return async (applianceId, signal) => {
    try {
      await links.arrival(applianceId, signal);
      const [link] = links.of(applianceId);
      if (!link) return 'the appliance is not connected';
      const { answer } = await link.ask({ ask: 'look', now: clock.now(), withinMs }, signal);
      if (answer.kind === 'sightings') return sightingsOf(answer.sightings);
      return answer.kind === 'unreachable' ? answer.reason : `the appliance answers ${answer.kind}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}
