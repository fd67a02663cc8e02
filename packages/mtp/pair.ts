import { defaultMaxRecordBytes, type UspRecord } from '@sluice/wire/usp';
import { type Closed, closeCode, type UspConnection } from './connection.ts';
import { judge } from './inbound.ts';

/**
 * Two connected ends in memory, in place of a WebSocket: the same checks, and records arrive in a later microtask,
 * never inside `send`.
 */
export function connectionPair(
  a: string,
  b: string,
  maxRecordBytes = defaultMaxRecordBytes,
): readonly [UspConnection, UspConnection] {
  const { promise: closed, resolve: end } = Promise.withResolvers<Closed>();
  const left = new MemoryEnd(a, b, closed, maxRecordBytes);
  const right = new MemoryEnd(b, a, closed, maxRecordBytes);
  const endBoth = (outcome: Closed): void => {
    left.open = false;
    right.open = false;
    end(outcome);
  };
  left.join(right, endBoth);
  right.join(left, endBoth);
  return [left, right];
}

class MemoryEnd implements UspConnection {
  readonly local: string;
  readonly peer: string;
  readonly closed: Promise<Closed>;
  open = true;
  readonly #maxRecordBytes: number;
  readonly #waiting: UspRecord[] = [];
  #receiver: ((record: UspRecord) => void) | undefined;
  #other: MemoryEnd | undefined;
  #end: (outcome: Closed) => void = () => {};

  constructor(local: string, peer: string, closed: Promise<Closed>, maxRecordBytes: number) {
    this.local = local;
    this.peer = peer;
    this.closed = closed;
    this.#maxRecordBytes = maxRecordBytes;
  }

  join(other: MemoryEnd, end: (outcome: Closed) => void): void {
    this.#other = other;
    this.#end = end;
  }

  send(record: Uint8Array): boolean {
    if (!this.open) return false;
    queueMicrotask(() => this.#other?.take(record));
    return true;
  }

  receive(receiver: (record: UspRecord) => void): void {
    this.#receiver = receiver;
    for (const record of this.#waiting.splice(0)) receiver(record);
  }

  close(code: number = closeCode.normal, reason = ''): void {
    if (!this.open) return;
    this.open = false;
    // What was sent before arrives before.
    queueMicrotask(() => this.#end({ code, reason }));
  }

  take(bytes: Uint8Array): void {
    if (!this.open) return;
    const inbound = judge(bytes, this.local, this.peer, this.#maxRecordBytes);
    if (inbound.kind === 'close') this.close(inbound.code, inbound.reason);
    if (inbound.kind !== 'record') return;
    if (this.#receiver) this.#receiver(inbound.record);
    else this.#waiting.push(inbound.record);
  }
}
