import type { StreamType } from '@sluice/model';

/** What a remote command came to. */
export interface RemoteResult {
  /** Exit status; undefined where it was ended by a signal. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and as whom to sign in. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** OpenSSH or PKCS #8, PEM. Never logged. */
  readonly privateKey: string;
  /** `SHA256:...`, as `ssh-keygen -lf` writes it: the one host key that counts. */
  readonly hostKey: string;
}

/** A connection to a machine, on which the one {@link remoteCommand} may be run, often and at once. */
export interface SshLink extends AsyncDisposable {
  /** It can be used no more. */
  readonly closed: boolean;
  /** Resolves when it is closed, by whom ever. */
  readonly ended: Promise<void>;
  /**
   * Runs it with `input` on its standard input. Throws `Unreachable` where the machine surely did not get all of the
   * input; anything else thrown means that it is not known.
   */
  run(command: string, input: string, signal: AbortSignal): Promise<RemoteResult>;
}

/** What the driver needs of SSH. */
export interface SshPort {
  /** Throws `Unreachable`, or `Untrusted` where the host key is another or the key is not taken. */
  connect(target: SshTarget, signal: AbortSignal): Promise<SshLink>;
}

/** A packet filter for a gateway, of @sluice/kernel. */
export interface GatewayRuleset {
  readonly table: string;
  /** Whether IPv4 is translated; an opening's global endpoint is its local one where it is not. */
  readonly translates: boolean;
  /** Two rulesets of one version are the same. */
  readonly version: string;
  /** What nft(8) reads to put it in place, closed, of whatever the table held. */
  load(interfaces: {
    readonly wan: readonly string[];
    readonly lan: readonly string[];
    /** TCP ports on which the gateway itself is reached from outside. */
    readonly listening: readonly number[];
  }): string;
  /** What the map `live` says of an opening. */
  codeOf(carried: Carried): number;
  carriedBy(code: number): Carried | undefined;
  /** The number of an opening, made of another one that is its own: 1 to 2^32 - 1. */
  numberOf(carried: Carried, own: number): number;
  /** Sets that hold an opening's number for as long as its lease, besides `counted`. */
  readonly numberSets: readonly string[];
}

/** A rule that lets pass what openings admit, in a chain of another firewall's. */
export interface GatewayHook {
  /** `ip filter FORWARD` */
  readonly chain: string;
  /** What nft(8) reads to put it first there. */
  readonly text: string;
  /** Whether it is first there, by what `nft list chain` says. */
  isIn(listing: string): boolean;
}

/** What of ours suits a gateway, alone or beside another firewall; or why nothing does, in a sentence. */
export type GatewayPlace =
  | {
      readonly mode: 'owner' | 'guest';
      readonly ruleset: GatewayRuleset;
      /** Where the other firewall is told; none where there is none. */
      readonly hooks: readonly GatewayHook[];
    }
  | { readonly mode: 'refused'; readonly because: string };

/** The packet filters that gateways are given: those that our own agent has. */
export interface GatewayRulesets {
  /** For a gateway without another firewall. */
  readonly owner: GatewayRuleset;
  /** Which suits one whose `nft list ruleset` shows this, and complained of that. */
  placeIn(listing: string, complaints: string): GatewayPlace;
}

/** What an opening carries. */
export interface Carried {
  readonly streamType: StreamType;
  readonly payloadType?: number;
}
