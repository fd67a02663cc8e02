import type { ProbeReport } from './probe-report.ts';

/** Which promises the verdict says are held, by name. */
export type Held = Readonly<Record<string, boolean>>;

/** What a packet shows to be missing when it comes in during a session: all of these promises, not one alone. */
function shownBy({ probe, sender }: ProbeReport): readonly string[] | undefined {
  const stranger = sender === 'media server' ? [] : ['remoteAddress'];
  switch (probe) {
    case 'other source address':
      return ['remoteAddress'];
    case 'other source port':
      return ['remotePort'];
    case 'non-RTP':
    case 'non-RTCP':
    case 'other payload type':
      return ['streamType', ...stranger];
    // Whoever is on the gateway's own wire may leave the translation out, where its rules name the device.
    case "appliance's LAN address":
      return ['remotePort', ...stranger];
    default:
      return undefined;
  }
}

/**
 * Whether a packet that came in is one that the verdict said may: the promises that would keep it out are named as not
 * held. After the session that is so for what came in before, where a running flow may outlive its opening.
 */
export function isNamed(probe: ProbeReport, held: Held, all: readonly ProbeReport[]): boolean {
  const { phase, right } = probe;
  if (phase === 'before') return false;
  if (phase === 'during') return right || isMissing(shownBy(probe), held);
  if (held.revokeStopsRunning !== false) return false;
  const before = all.find(
    (other) =>
      other.phase === 'during' &&
      other.stream === probe.stream &&
      other.probe === probe.probe &&
      other.sender === probe.sender,
  );
  return before !== undefined && before.passed > 0 && isNamed(before, held, all);
}

/** What was let in as the verdict said it might be, a sentence for each promise that was shown not to be held. */
export function remarksOn(probes: readonly ProbeReport[], held: Held): string[] {
  const shown = new Map<string, Set<string>>();
  for (const probe of probes) {
    const { sender, phase, right, passed } = probe;
    const isDue = right && phase === 'during';
    if (passed === 0 || isDue || !isNamed(probe, held, probes)) continue;
    const names = phase === 'after' ? ['revokeStopsRunning'] : (shownBy(probe) ?? []);
    for (const name of names) {
      const what = `${right ? 'right packets' : probe.probe} from the ${sender}`;
      shown.set(name, (shown.get(name) ?? new Set()).add(what));
    }
  }
  return [...shown].map(([name, what]) => `${name} is not held, as the verdict says: ${[...what].join(', ')} came in.`);
}

function isMissing(names: readonly string[] | undefined, held: Held): boolean {
  return names?.every((name) => held[name] === false) ?? false;
}
