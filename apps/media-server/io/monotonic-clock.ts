import { systemClock } from '@sluice/io';
import type { Clock } from '@sluice/model';

/** Milliseconds since the process began, with fractions: no setting of the machine's clock moves it. */
export const monotonicClock: Clock = { now: () => performance.now(), after: systemClock.after };
