import type { StartNotice } from '@sluice/model';
import type { Row } from './row.ts';

/** What a change does to one row: made where there is no `before`, gone where there is no `after`. */
export interface Edit {
  /** The change that asked for it, and the one whose answer it is. */
  readonly index: number;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
  /** Who is told once it holds, where it opens what was not open. */
  readonly start?: StartNotice | undefined;
}
