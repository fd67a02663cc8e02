import type { TimedText } from '../contents/timed-text.ts';
import type { Paced } from './pacer.ts';
import type { ByteConnection } from './ports.ts';
import type { Timeline } from './timeline.ts';

const encoder = new TextEncoder();

/** Timed text on its way to one viewer over TCP, up to `endMs` of the content; `over` is called after the last octet. */
export class TextStream implements Paced {
  readonly #text: TimedText;
  readonly #connection: ByteConnection;
  readonly #timeline: Timeline;
  readonly #endMs: number;
  readonly #whenOver: () => void;
  #index = 0;
  #over = false;
  #pieces = 0;

  constructor(text: TimedText, connection: ByteConnection, timeline: Timeline, endMs: number, over: () => void) {
    this.#text = text;
    this.#connection = connection;
    this.#timeline = timeline;
    this.#endMs = endMs;
    this.#whenOver = over;
    void connection.closed.then(() => {
      this.#over = true;
    });
  }

  get dueMs(): number | undefined {
    if (this.#over) return undefined;
    return this.#timeline.clockMs(Math.min(this.#text[this.#index]?.dueMs ?? this.#endMs, this.#endMs));
  }

  get packetsSent(): number {
    return this.#pieces;
  }

  send(): void {
    const piece = this.#text[this.#index++];
    if (piece && piece.dueMs < this.#endMs) {
      this.#pieces++;
      // A viewer that does not read gets a few kB more into its connection's buffer, which is bounded by the text.
      this.#connection.write(encoder.encode(piece.text)).catch(() => {});
    } else {
      this.#over = true;
      this.#whenOver();
      void this.#connection.end();
    }
  }
}
