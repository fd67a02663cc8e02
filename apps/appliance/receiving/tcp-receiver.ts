import { createHash } from 'node:crypto';
import type { StreamCounts } from './statistics.ts';

/** Counts and digests the bytes of a TCP stream. */
export class TcpReceiver {
  readonly #hash = createHash('sha256');
  #chunks = 0;
  #bytes = 0;
  #strays = 0;
  #digest: string | undefined;

  stray(): void {
    this.#strays++;
  }

  bytes(chunk: Uint8Array): void {
    this.#chunks++;
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  end(): void {
    this.#digest ??= this.#hash.digest('hex');
  }

  get ended(): boolean {
    return this.#digest !== undefined;
  }

  /** `packetsReceived` counts reads: TCP has no packets that an application sees. */
  counts(): StreamCounts {
    return {
      packetsReceived: this.#chunks,
      bytesReceived: this.#bytes,
      strays: this.#strays,
      malformed: 0,
      ...(this.#digest === undefined ? {} : { sha256: this.#digest }),
      ended: this.ended,
    };
  }
}
