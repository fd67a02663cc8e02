import { XmlMalformed } from '../xml/index.ts';

/** Bytes of a device that are not what was asked for. The device's fault. */
export class IgdMalformed extends Error {
  override readonly name = 'IgdMalformed';
  /** Where in the text, in characters, where it is no XML. */
  readonly offset: number | undefined;
  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/** Runs `read`, with what is no XML told as {@link IgdMalformed}. */
export function orMalformed<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof XmlMalformed) throw new IgdMalformed(`${what}: ${error.message}`, error.offset);
    throw error;
  }
}
