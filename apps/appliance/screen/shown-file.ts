import type { Content } from '@sluice/api';

/** A picture or a text that has come, for the page to show. */
export interface ShownFile {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Larger ones are counted and not shown. */
const mostBytes = 32 * 1024 * 1024;
/** What a browser shows and cannot be made to run: SVG, which can carry script, is not among them. */
const pictures: Readonly<Record<string, string>> = {
  ...{ jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' },
  ...{ avif: 'image/avif', gif: 'image/gif', bmp: 'image/bmp' },
};

/** Keeps a content that is a picture or a text as it comes. */
export class FileKeeper {
  readonly #contentType: string | undefined;
  #pieces: Buffer[] = [];
  #length = 0;
  #whole: ShownFile | undefined;

  constructor({ kind, file }: Pick<Content, 'kind' | 'file'>) {
    const ending = /\.(\w+)$/.exec(file?.name ?? '')?.[1]?.toLowerCase() ?? '';
    this.#contentType =
      kind === 'text' ? 'text/plain; charset=utf-8' : kind === 'picture' ? pictures[ending] : undefined;
  }

  /** All of it, once all of it is here; undefined where it is none that is shown. */
  get whole(): ShownFile | undefined {
    return this.#whole;
  }

  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#contentType === undefined) return;
    if (this.#length > mostBytes) this.#pieces = [];
    else this.#pieces.push(Buffer.from(bytes));
  }

  /** Nothing more comes; tells whether there is something to show. */
  end(): boolean {
    if (this.#contentType === undefined || this.#length > mostBytes) return false;
    this.#whole = { contentType: this.#contentType, bytes: Buffer.concat(this.#pieces) };
    this.#pieces = [];
    return true;
  }
}
