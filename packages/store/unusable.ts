/** Why a store cannot be used. */
export type UnusableReason = 'corrupt' | 'locked' | 'full' | 'read-only' | 'newer' | 'unreadable' | 'key' | 'closed';

/** Tell the operator: the database file cannot be used; the message says why and what to do. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable';
  readonly reason: UnusableReason;
  constructor(reason: UnusableReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}
