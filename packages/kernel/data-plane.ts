import type { Endpoint, IpAddress, Port, StreamType } from '@sluice/model';
import type { Footing } from './guest/footing.ts';

/** Interfaces by role, by name: the skeleton reads them from sets, so several of each are data. */
export interface Interfaces {
  readonly wan: readonly string[];
  readonly lan: readonly string[];
  /** TCP ports of the gateway itself that the WAN may connect to; none by default. */
  readonly listening?: readonly Port[];
}

/** One opening as the kernel holds it. What it lets in and its tag together are its identity. */
export interface KernelOpening {
  readonly streamType: StreamType;
  readonly payloadType?: number;
  /** Shapes: address and port, address alone, port alone, neither. */
  readonly remote: { readonly address?: IpAddress; readonly port?: Port };
  /** IPv4: where packets arrive and are translated from. IPv6: the device itself, equal to `local`. */
  readonly global: Endpoint;
  readonly local: Endpoint;
  /**
   * Where the gateway has several WAN interfaces and governs what passes: the one by which this opening's packets come
   * and go. Left out, any.
   */
  readonly wan?: string;
  /**
   * Where the remote end is a device of this home too, reached by its own opening here (hairpin): that device's local
   * end. What it sends to `global` comes back into the home, from `remote`. IPv4, where it is translated.
   */
  readonly inside?: Endpoint;
  /** Kept with the element in the kernel and read back after a restart; at most 120 bytes of UTF-8. */
  readonly tag: string;
}

/** A kernel opening as read back. */
export interface HeldOpening extends KernelOpening {
  readonly remainingMs: number;
  /** What passed, both directions, after the type check; errors (ICMP) about its flows included. Gone with the opening. */
  readonly packets: number;
  /** The same in bytes, IP headers included. */
  readonly bytes: number;
}

/**
 * One transaction. Everything in it holds afterwards, or nothing changed. What is removed is gone before what is added
 * comes, so a change may give a key to another opening.
 */
export interface Change {
  readonly add: readonly { readonly opening: KernelOpening; readonly leaseMs: number }[];
  /** New time from now for openings that are held. */
  readonly renew: readonly { readonly opening: KernelOpening; readonly leaseMs: number }[];
  /** What has expired meanwhile counts as removed. */
  readonly remove: readonly KernelOpening[];
}

/** Why the kernel took nothing of a change. */
export interface CommitFailure {
  /**
   * `exists`: that key is taken, or that local endpoint already has another global port for that remote one;
   * `missing`: nothing like it to renew; `resources`: memory, or a change too big for one message; `refused`: the
   * opening is none that the kernel can hold, or anything else.
   */
  readonly reason: 'exists' | 'missing' | 'resources' | 'refused';
  /** Kernel errno. */
  readonly errno: number;
  /** Index into the list it happened in. */
  readonly at: { readonly list: 'add' | 'renew' | 'remove'; readonly index: number };
}

/** A flow as the translation table knows it. */
export interface Flow {
  readonly transport: 'tcp' | 'udp';
  /** As the device sent it: from its local endpoint to the far one. */
  readonly original: { readonly from: Endpoint; readonly to: Endpoint };
  /** Its near end as it is outside the gateway: which of several global addresses it left from. */
  readonly outside: Endpoint;
}

/** What {@link DataPlane.check} saw and did. */
export interface RulesCheck {
  /** As what the rules of ours stand there. */
  readonly standing: Footing;
  /** As what they would be loaded now: another firewall may have come, or gone, or be in the way. */
  readonly found: Footing;
  /** `hooks`: rules of ours in another firewall's chains; `table`: everything, closed, and what was open is not. */
  readonly putBack: 'nothing' | 'hooks' | 'table';
}

/**
 * The kernel as a security engineer should think of it: five operations, and two for whoever is not alone there. All
 * synchronous: tens of microseconds, but for `load` and `check`. Nothing here decides; policy lives above.
 */
export interface DataPlane extends Disposable {
  /**
   * Loads the closed skeleton, or adopts it when this version is already there. Held openings stay. Throws LoadFailed
   * with a sentence where another firewall is in the way.
   */
  load(interfaces: Interfaces): 'loaded' | 'adopted';
  /** Puts back what others took of the rules that `load` put in place: a firewall that reloads takes them along. */
  check(): RulesCheck;
  /** Calls back soon after somebody changed a rule, a chain or a table of this machine; it is for `check` then. */
  watch(onChange: () => void): Disposable;
  /** One nfnetlink transaction; undefined on success. */
  commit(change: Change): CommitFailure | undefined;
  /** What the kernel holds now. For recovery and display, not for the hot path. */
  read(): HeldOpening[];
  /** Counters and time left of these alone, in the order asked; undefined where gone. */
  look(openings: readonly KernelOpening[]): (HeldOpening | undefined)[];
  /**
   * Which device sent the flow whose near end is `near`, to `far`: one exact look-up, never a dump. `near` is what is
   * seen outside the gateway, or with `inside` what the device itself has.
   */
  flow(transport: 'tcp' | 'udp', near: Endpoint, far: Endpoint, side?: 'outside' | 'inside'): Flow | undefined;
}
