import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** The household's "pause", kept as a file: an agent that starts again must not open what the household closed. */
export interface PauseMark {
  isSet(): boolean;
  set(paused: boolean): void;
}

/** A mark at this path. */
export function pauseMark(path: string): PauseMark {
  return {
    isSet: () => existsSync(path),
    set(paused) {
      if (paused) writeFileSync(path, 'paused by the household\n', { mode: 0o600 });
      else rmSync(path, { force: true });
    },
  };
}
