import type { Capabilities } from './capabilities.ts';
import type { FilledChain } from './chain.ts';

/** A row as an Add creates it. */
export interface Row {
  readonly table: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What a gateway is, as far as rows depend on it. */
export interface RowGround {
  readonly capabilities: Capabilities;
  /** Reference of the interface that openings come in by. */
  readonly outward: string | undefined;
  /** Undefined where there is none. */
  readonly chain: FilledChain | undefined;
}
