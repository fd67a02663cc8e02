import type { Instant } from '@sluice/model';

/** What tells one life of a gateway from the next. */
export interface LifeSigns {
  /** Of its SSDP answers; another one after each start. */
  readonly bootId?: string;
  /** When its connection, or itself, was started, by its count of seconds. */
  readonly startedAt?: Instant;
}

/** Counts of whole seconds, asked for over a network. */
const toleranceMs = 5_000;

/** Whether a gateway was started again between the two. What is not told on both sides says nothing. */
export function isAnotherLife(before: LifeSigns, now: LifeSigns): boolean {
  const otherBoot = before.bootId !== undefined && now.bootId !== undefined && before.bootId !== now.bootId;
  const later =
    before.startedAt !== undefined && now.startedAt !== undefined && now.startedAt > before.startedAt + toleranceMs;
  return otherBoot || later;
}
