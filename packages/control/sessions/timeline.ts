import type { TimelineEntry } from '@sluice/model';

const mostEntries = 200;

/**
 * A timeline with one step more. The same step again and again (a lease renewed every minute) is one entry that
 * counts; a timeline that is full loses its middle, as its beginning and its end tell the story.
 */
export function addStep(timeline: readonly TimelineEntry[], entry: TimelineEntry): readonly TimelineEntry[] {
  const last = timeline.at(-1);
  if (last && last.step === entry.step && entry.step === 'renewed') {
    const times = Number(/^(\d+) times/.exec(last.detail ?? '')?.[1] ?? 1) + 1;
    return [...timeline.slice(0, -1), { ...entry, detail: `${times} times, ${entry.detail ?? ''}` }];
  }
  const kept = timeline.length < mostEntries ? timeline : timeline.toSpliced(mostEntries / 2, 1);
  return [...kept, entry];
}
