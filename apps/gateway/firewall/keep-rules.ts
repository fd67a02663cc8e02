import type { Audit } from '@sluice/audit';
import type { Log } from '@sluice/io';
import { type DataPlane, type Footing, LoadFailed, NetlinkFailure, type RulesCheck } from '@sluice/kernel';
import type { Cancel, Clock } from '@sluice/model';

/** How the gateway's rules stand, for the household. */
export interface FirewallState {
  readonly mode: 'owner' | 'guest';
  /** Firewalls that it is the guest of, as people call them. */
  readonly beside: readonly string[];
  /** What is not as it should be, and what can be done. */
  readonly trouble?: string;
}

/** What {@link keepRules} stands on. */
export interface RulesGround {
  readonly dataPlane: Pick<DataPlane, 'check' | 'watch' | 'read'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Audit;
  /** Loads the rules anew, as this machine wants them now. */
  load(): void;
  /** Everything was taken out of the kernel, and nothing is open any more. */
  onLost(): void;
}

/** Looks after the rules until it is disposed of. */
export interface KeptRules extends Disposable {
  readonly state: FirewallState;
}

/** A firewall that reloads changes its rules a hundred times; one look in so long serves them all. */
const betweenLooksMs = 200;

/**
 * Keeps the rules in place: whenever anybody changes rules of this machine, looks what became of ours, puts back what is
 * missing, and says so. Looks once at once. Throws as `DataPlane.watch` does.
 */
export function keepRules(ground: RulesGround): KeptRules {
  const { dataPlane, clock, log, audit } = ground;
  let state: FirewallState = { mode: 'owner', beside: [] };
  let waiting: { cancel: Cancel; again: boolean } | undefined;

  const tell = (next: FirewallState): void => {
    const { trouble } = next;
    if (trouble !== undefined && trouble !== state.trouble) {
      log.error({ trouble }, 'the packet filter needs somebody');
      audit.note('firewall-changed', { mode: next.mode, beside: next.beside.join(', '), trouble });
    }
    state = next;
  };

  const act = (check: RulesCheck): RulesCheck => {
    if (check.putBack !== 'nothing') {
      log.warn({ what: check.putBack }, 'somebody took rules of ours out of the kernel; they are back');
      audit.note('rules-put-back', { what: check.putBack });
    }
    if (check.putBack === 'table') ground.onLost();
    const hasCome = check.standing.mode === 'owner' && check.found.mode === 'guest';
    if (!hasCome || dataPlane.read().length > 0) return check;
    // Nothing is open: nobody loses anything by it.
    ground.load();
    const again = dataPlane.check();
    log.info(stateOf(again), 'the guest of another firewall from now on');
    return again;
  };

  const look = (): void => {
    try {
      tell(stateOf(act(dataPlane.check())));
    } catch (problem) {
      if (!(problem instanceof LoadFailed || problem instanceof NetlinkFailure)) throw problem;
      tell({ ...state, trouble: problem.message });
    }
  };

  const changed = (): void => {
    if (waiting) {
      waiting.again = true;
      return;
    }
    const cancel = clock.after(betweenLooksMs, () => {
      const { again } = waiting ?? {};
      waiting = undefined;
      if (again) changed();
    });
    waiting = { cancel, again: false };
    look();
  };

  // From before the first look on, so that nothing happens in between.
  const watching = dataPlane.watch(changed);
  look();
  return {
    get state() {
      return state;
    },
    [Symbol.dispose]() {
      watching[Symbol.dispose]();
      waiting?.cancel();
    },
  };
}

function stateOf({ standing, found }: RulesCheck): FirewallState {
  const trouble = troubleOf(standing, found);
  return {
    mode: standing.mode === 'guest' ? 'guest' : 'owner',
    beside: standing.mode === 'guest' ? standing.beside : [],
    ...(trouble !== undefined && { trouble }),
  };
}

function troubleOf(standing: Footing, found: Footing): string | undefined {
  if (found.mode === 'refused') return found.because;
  if (standing.mode === 'owner' && found.mode === 'guest')
    return `this machine has another firewall now (${namesOf(found)}), and what that drops no opening lets in: restart the agent, and it becomes its guest`;
  if (standing.mode === 'guest' && found.mode === 'owner')
    return 'the other firewall is gone, and nothing governs what is passed on: start it, or restart the agent, which then closes the home itself';
  return undefined;
}

const namesOf = ({ beside }: { readonly beside: readonly string[] }) => beside.join(' and ');

/** A footing in a sentence, for `sluice gateway check`. */
export function explainFooting(footing: Footing): string {
  switch (footing.mode) {
    case 'owner':
      return 'No other firewall governs what this machine passes on: the gateway does, alone.';
    case 'guest':
      return footing.beside.length > 0
        ? `Another firewall governs what this machine passes on (${namesOf(footing)}); it is told to let through what openings admit, and nothing else of it changes.`
        : 'The gateway governs openings alone; nothing governs what else this machine passes on.';
    case 'refused':
      return `The gateway cannot run here: ${footing.because}.`;
  }
}
