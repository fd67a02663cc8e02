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

/** The packet filter that the gateway is given: the one that our own agent has, of @sluice/kernel. */
export interface GatewayRuleset {
  readonly table: string;
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
}

/** What an opening carries. */
export interface Carried {
  readonly streamType: StreamType;
  readonly payloadType?: number;
}
