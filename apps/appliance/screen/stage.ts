import type { Show } from './show.ts';

/** The one place that a screen has for a show: opening another leaves the one before. */
export interface Stage extends AsyncDisposable {
  open(show: Show): void;
  /** The show that is on, or was last. */
  find(showId: string): Show | undefined;
}

/** An empty stage. */
export function emptyStage(): Stage {
  let current: Show | undefined;
  const ending = new Set<Promise<void>>();
  const leave = (show: Show) => {
    const left = show.leave().catch(() => {});
    ending.add(left);
    void left.then(() => ending.delete(left));
  };
  return {
    open(show) {
      if (current) leave(current);
      current = show;
    },
    find: (showId) => (current?.showId === showId ? current : undefined),
    async [Symbol.asyncDispose]() {
      if (current) leave(current);
      await Promise.all(ending);
    },
  };
}
