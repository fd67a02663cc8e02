import type { Family, Traits } from '@sluice/model';
import type { GatewaySession } from '../index.ts';
import type { ConformanceBench } from './bench.ts';

/** One thing that every driver must hold. */
export interface Scenario {
  readonly title: string;
  /** The families it is about; left out, both. */
  readonly families?: readonly Family[];
  /** Whether there is anything to hold, as far as traits tell; left out, always. */
  appliesTo?(traits: Traits): boolean;
  /** Why it does not apply to a driver with these traits; undefined where it does. */
  skip?(bench: ConformanceBench<unknown>, family: Family): string | undefined;
  run(bench: ConformanceBench<unknown>, session: GatewaySession, family: Family): Promise<void>;
}

/** Signal for looking and asking: a bench that hangs fails instead of hanging the run. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(5_000);
}
