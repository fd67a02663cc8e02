import type { StreamType } from '@sluice/model';
import type { Interfaces } from './data-plane.ts';
import { footingBeside, type Hook } from './guest/footing.ts';
import { hookText, rehookText } from './guest/hooks.ts';
import { readRuleset } from './guest/listing.ts';
import { guestRuleset } from './guest/ruleset.ts';
import { loadText, ownerRuleset, type Ruleset } from './ruleset.ts';
import { type Carried, readStreamCode, streamCode } from './stream-code.ts';

/** The packet filter as text, for a gateway whose nft(8) is reached from afar: no netlink. */
export interface RemoteRuleset {
  readonly table: string;
  /** Whether IPv4 is translated; an opening's global endpoint is its local one where it is not. */
  readonly translates: boolean;
  /** Two of one version are the same. */
  readonly version: string;
  /** What nft(8) reads to put it in place, closed. Throws RangeError on a name that is no interface's. */
  load(interfaces: Interfaces): string;
  /** What the map `live` says of an opening. */
  codeOf(carried: RemotelyCarried): number;
  /** What a number there means; undefined for one that we never wrote. */
  carriedBy(code: number): Carried | undefined;
  /** The number of an opening, made of another one that is its own: 1 to 2^32 - 1. */
  numberOf(carried: RemotelyCarried, own: number): number;
  /** Sets that hold an opening's number for as long as its lease, besides `counted`. */
  readonly numberSets: readonly string[];
}

/** What an opening carries. */
export interface RemotelyCarried {
  readonly streamType: StreamType;
  readonly payloadType?: number;
}

/** A rule of ours in a chain of another firewall's. */
export interface RemoteHook {
  /** `ip filter FORWARD` */
  readonly chain: string;
  /** What nft(8) reads to put it first there. */
  readonly text: string;
  /** Whether it is first there, by what `nft list chain` says. */
  isIn(listing: string): boolean;
}

/** What of ours suits a gateway. */
export type RemotePlace =
  | { readonly mode: 'owner' | 'guest'; readonly ruleset: RemoteRuleset; readonly hooks: readonly RemoteHook[] }
  /** `because` is a sentence. */
  | { readonly mode: 'refused'; readonly because: string };

/** The packet filters for gateways, in the table `table` of family inet. */
export interface RemoteRulesets {
  /** For one that has no other firewall. */
  readonly owner: RemoteRuleset;
  /** Which suits one whose `nft list ruleset` shows this. */
  placeIn(listing: string, complaints: string): RemotePlace;
}

/** The packet filter of a gateway without another firewall, in the table `table` of family inet. */
export function gatewayRuleset(table: string, translates = true): RemoteRuleset {
  return remote(ownerRuleset(table, { translates }));
}

/** See {@link RemoteRulesets}; for gateways that translate IPv4, or for firewalls that do not. */
export function gatewayRulesets(table: string, translates = true): RemoteRulesets {
  return {
    owner: gatewayRuleset(table, translates),
    placeIn(listing, complaints) {
      const footing = footingBeside(readRuleset(listing, complaints), table, 'auto');
      switch (footing.mode) {
        case 'refused':
          return footing;
        case 'owner':
          return { mode: 'owner', ruleset: gatewayRuleset(table, translates), hooks: [] };
        case 'guest': {
          const hooks = footing.hooks.map((hook) => remoteHook(hook, table));
          return { mode: 'guest', ruleset: remote(guestRuleset(table, translates)), hooks };
        }
      }
    },
  };
}

function remote(ruleset: Ruleset): RemoteRuleset {
  return {
    table: ruleset.table,
    translates: ruleset.translates,
    version: ruleset.version,
    numberSets: ruleset.numberSets,
    load: (interfaces) => loadText(ruleset, interfaces),
    codeOf: streamCode,
    carriedBy: readStreamCode,
    numberOf: ruleset.numberOf,
  };
}

function remoteHook(hook: Hook, table: string): RemoteHook {
  return {
    chain: `${hook.family} ${hook.table} ${hook.name}`,
    text: hookText([hook], table),
    isIn: (listing) => rehookText([hook], readRuleset(listing), table) === '',
  };
}
