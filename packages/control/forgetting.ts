import type { Workings } from './sessions/workings.ts';
import type { Store } from './store.ts';

const everyMs = 3_600_000;
const atOnce = 1_000;

/** Forgets, every hour, the sessions that ended long enough ago; a bite at a time, so that nobody waits for it. */
export function forgetEnded(w: Workings, store: Store): void {
  const bite = async () => {
    const forgotten = await store.forgetSessions(w.clock.now() - w.settings.rememberMs);
    if (w.stopped.aborted) return;
    w.deadlines.set('forgetting', w.clock.now() + (forgotten < atOnce ? everyMs : 1_000), again);
  };
  const again = () => {
    bite().catch((error: unknown) => {
      w.log.error({ reason: String(error) }, 'forgetting old sessions failed');
      w.deadlines.set('forgetting', w.clock.now() + everyMs, again);
    });
  };
  w.deadlines.set('forgetting', w.clock.now() + everyMs, again);
}
