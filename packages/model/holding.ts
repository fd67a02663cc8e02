/** The promises about an opening that not every gateway keeps, by name; ARCHITECTURE.md has them in sentences. */
export const promiseNames = [
  /** Only the server's address may send. */
  'remoteAddress',
  /** Only the stream's own port of the server may send. */
  'remotePort',
  /** Only the stream's type passes: RTP, RTCP. */
  'streamType',
  /** An opening ends by itself, though every process of ours is dead. */
  'lease',
  /** After a revoke the next packet is dropped, also of a running flow. */
  'revokeStopsRunning',
  /** After a restart the gateway lets in no more than before. */
  'narrowingOverRestart',
  /** What the device sends from a mapped port leaves from the mapped global port. */
  'symmetricSource',
] as const;

/** One of {@link promiseNames}. */
export type PromiseName = (typeof promiseNames)[number];

/** Which promises hold for a session. */
export type Held = Readonly<Record<PromiseName, boolean>>;

/**
 * What was seen of packets sent at a session's openings before its verdict. `seen`: it arrived at the device.
 * `not-seen`: it was sent and did not. `not-tried`: it could not be sent, or nobody could say whether it came.
 */
export interface ProbeFindings {
  /** From each stream's own server address and port: must arrive. */
  readonly fromServer: 'seen' | 'not-seen' | 'not-tried';
  /** From another port of the server: arrives where `remotePort` is not held. */
  readonly fromOtherPort: 'seen' | 'not-seen' | 'not-tried';
  /** From another address: arrives where `remoteAddress` is not held. */
  readonly fromElsewhere: 'seen' | 'not-seen' | 'not-tried';
}

/** How tightly a session's gateway holds it. */
export interface Holding {
  readonly held: Held;
  /** One sentence for each promise that is not kept, and for what else a person should know of how it is kept. */
  readonly notes: readonly string[];
  /** Where the gateway's word was checked by packets. */
  readonly probes?: ProbeFindings;
}
