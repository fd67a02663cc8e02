import type { HeldOpening } from '@sluice/kernel';
import type { Instant } from '@sluice/model';
import type { ParameterType } from '@sluice/usp-agent';
import type { Row } from './row.ts';
import type { Wanted } from './wanted.ts';

/** A row as it is shown. */
export interface Shown {
  readonly row: Row;
  readonly now: Instant;
  /** As the kernel holds it; undefined where it holds none. */
  readonly held: HeldOpening | undefined;
  /** The global address that it was made for is no longer the gateway's. */
  readonly stranded: boolean;
}

/** One parameter of a row: its type, what its text says, and its text. */
export interface OpeningParameter {
  readonly type: ParameterType;
  /** What a controller's text means, or a sentence why it cannot be held. Left out for what only the gateway writes. */
  readonly read?: (text: string) => Partial<Wanted> | string;
  readonly write: (shown: Shown) => string;
}

/** A parameter that controllers may write. */
export function writable(
  type: Omit<ParameterType, 'access'> & { readonly access?: ParameterType['access'] },
  read: (text: string) => Partial<Wanted> | string,
  write: (wanted: Row['wanted'], shown: Shown) => string,
): OpeningParameter {
  return {
    type: { access: 'readWrite', notifiesChange: true, ...type },
    read,
    write: (shown) => write(shown.row.wanted, shown),
  };
}

/** A parameter that the gateway alone writes. */
export function shown(type: Omit<ParameterType, 'access'>, write: (shown: Shown) => string): OpeningParameter {
  return { type: { access: 'readOnly', ...type }, write };
}
