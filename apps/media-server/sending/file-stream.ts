import type { ByteConnection } from './ports.ts';

/** A file on its way to one viewer over TCP, as fast as the viewer takes it; `over` is called after the last octet. */
export class FileStream {
  readonly #connection: ByteConnection;
  readonly #whenOver: () => void;
  #pieces = 0;

  constructor(connection: ByteConnection, over: () => void) {
    this.#connection = connection;
    this.#whenOver = over;
  }

  get packetsSent(): number {
    return this.#pieces;
  }

  /** Sends all of it, then the end of the connection. Where the viewer leaves or the file cannot be read, it is cut. */
  async send(content: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const piece of content) {
        this.#pieces++;
        await this.#connection.write(piece);
      }
      this.#whenOver();
      await this.#connection.end();
    } catch {
      this.#connection.destroy();
    }
  }
}
