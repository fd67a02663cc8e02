import type { StreamType } from '@sluice/model';
import type { Interfaces } from './data-plane.ts';
import { loadText, ownerRuleset } from './ruleset.ts';
import { type Carried, readStreamCode, streamCode } from './stream-code.ts';

/** Owner mode's packet filter as text, for a gateway whose nft(8) is reached from afar: no netlink. */
export interface RemoteRuleset {
  readonly table: string;
  /** Two of one version are the same. */
  readonly version: string;
  /** What nft(8) reads to put it in place, closed. Throws RangeError on a name that is no interface's. */
  load(interfaces: Interfaces): string;
  /** What the map `live` says of an opening. */
  codeOf(carried: { readonly streamType: StreamType; readonly payloadType?: number }): number;
  /** What a number there means; undefined for one that we never wrote. */
  carriedBy(code: number): Carried | undefined;
}

/** The packet filter in the table `table` of family inet. */
export function gatewayRuleset(table: string): RemoteRuleset {
  const ruleset = ownerRuleset(table);
  return {
    table,
    version: ruleset.version,
    load: (interfaces) => loadText(ruleset, interfaces),
    codeOf: streamCode,
    carriedBy: readStreamCode,
  };
}
