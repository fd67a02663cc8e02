import type {
  ConfigurationChange,
  Gateway,
  GatewayAddresses,
  GatewayType,
  GrantedOpening,
  Instant,
  Observed,
  Outcome,
  Plan,
  Traits,
  Transport,
} from '@sluice/model';

/** Speaks for one gateway type. Stateless; what it needs to dial is given to its constructor. */
export interface Driver<Step = unknown> {
  readonly type: GatewayType;
  readonly traits: Traits;
  /**
   * Native steps for a change. Pure: no clock, no sockets; work in proportion to the change.
   * `observed` is undefined when the gateway's belief is not in doubt.
   */
  plan(change: ConfigurationChange, observed: Observed | undefined, now: Instant): Plan<Step>;
  /** Dials the gateway, or takes the connection it keeps to us. Throws `Unreachable` or `Untrusted`. */
  connect(gateway: Gateway, signal: AbortSignal): Promise<GatewaySession<Step>>;
  /**
   * Reaches the gateway, asks for its addresses and leaves, with nothing changed there. Left out: that is what connecting,
   * asking and leaving do. Throws as {@link connect}.
   */
  greet?(gateway: Gateway, signal: AbortSignal): Promise<GatewayAddresses>;
}

/** A conversation with one gateway. */
export interface GatewaySession<Step = unknown> extends AsyncDisposable {
  /** What this very gateway can express, as far as is known, where that is less or more than its type. */
  readonly traits?: Traits;
  /** The gateway's own addresses, as of its last report. */
  addresses(signal: AbortSignal): Promise<GatewayAddresses>;
  /** Looks at what the gateway holds. `believed` lets a type that cannot list ask one by one. */
  observe(believed: readonly GrantedOpening[], signal: AbortSignal): Promise<Observed>;
  /** Does one step. Never retries, never sleeps; a lost answer is `unknown`. */
  apply(step: Step, signal: AbortSignal): Promise<Outcome>;
  /** Global ports free for `count` openings of a transport, where traits.portAgreement has `list-free`. */
  freePorts?(
    wanted: { transport: Transport; count: number; paired: boolean },
    signal: AbortSignal,
  ): Promise<readonly number[]>;
}

/** Try later: the gateway does not answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** Tell the operator: the peer is not who it should be. */
export class Untrusted extends Error {
  override readonly name = 'Untrusted';
}

/** The peer's fault: bytes that do not follow the protocol. `offset` counts bytes from the start. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly offset: number | undefined;
  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/** Our own bug: a call that may not be made so. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}
