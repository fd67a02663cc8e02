/** How late sending may be before its timeline moves: what was due in a long pause must not all be sent at once. */
const mostLateMs = 3_000;

/** When a content began for one viewer; all its streams are sent along it, so that they stay together. */
export class Timeline {
  #beganMs: number | undefined;

  /** Begins at this moment of the pacer's clock, unless it began already. */
  begin(nowMs: number): void {
    this.#beganMs ??= nowMs;
  }

  /** The moment on the pacer's clock at which the content is `mediaMs` from its beginning; never, before it began. */
  clockMs(mediaMs: number): number {
    return (this.#beganMs ?? Number.POSITIVE_INFINITY) + mediaMs;
  }

  /** How far the content is at a moment of the pacer's clock, in ms; 0 before it began. */
  mediaMs(clockMs: number): number {
    return this.#beganMs === undefined ? 0 : clockMs - this.#beganMs;
  }

  /** Moves the timeline when what was due at `dueMs` of the pacer's clock is sent far too late. */
  sentAt(nowMs: number, dueMs: number): void {
    if (this.#beganMs !== undefined && nowMs - dueMs > mostLateMs) this.#beganMs += nowMs - dueMs;
  }
}
