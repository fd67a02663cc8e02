import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileName, headName } from './names.ts';

/** A file of a log, open to be written at its end. */
export class OpenFile implements AsyncDisposable {
  readonly path: string;
  readonly day: string;
  readonly #handle: FileHandle;
  #size: number;

  private constructor(path: string, day: string, handle: FileHandle, size: number) {
    this.path = path;
    this.day = day;
    this.#handle = handle;
    this.#size = size;
  }

  /** Begins the file whose first line has that number. */
  static async create(directory: string, first: number, day: string): Promise<OpenFile> {
    const path = join(directory, fileName(first, day));
    return OpenFile.at(path, day, 0);
  }

  /** Opens a file, with all of it that comes after `size` taken away. */
  static async at(path: string, day: string, size: number): Promise<OpenFile> {
    const handle = await open(path, 'a', 0o600);
    try {
      await handle.truncate(size);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new OpenFile(path, day, handle, size);
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** All of the text, or nothing of it; rejects where nothing. */
  async append(text: string): Promise<void> {
    try {
      await this.#handle.appendFile(text);
    } catch (error) {
      // Taking away needs no room. Where even that fails, the rest of it is found when the file is opened again.
      await this.#handle.truncate(this.#size).catch(() => undefined);
      throw error;
    }
    this.#size += Buffer.byteLength(text);
  }

  /** What was appended survives a power cut. Rejects where the file is not the one at its path any more, or was changed. */
  async sync(): Promise<void> {
    await this.#handle.datasync();
    const [there, ours] = await Promise.all([stat(this.path), this.#handle.stat()]);
    if (there.ino !== ours.ino || there.dev !== ours.dev) throw new Error(`${this.path} was replaced by another file`);
    if (there.size !== this.#size)
      throw new Error(`${this.path} was changed by somebody else; an audit directory is for one part alone`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** Makes the directory of a log where there is none. */
export async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** A name that was made in a directory survives a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

/** Replaces the head file; it is the old one or the new one, also after a power cut. */
export async function writeHead(directory: string, token: string): Promise<void> {
  const path = join(directory, headName);
  {
    await using file = await open(`${path}.new`, 'w', 0o600);
    await file.writeFile(`${token}\n`);
    await file.sync();
  }
  await rename(`${path}.new`, path);
  await syncDirectory(dirname(path));
}

/** Takes files that hold no line out of the way of the log: empty ones go, others are kept under another name. */
export async function setAside(
  directory: string,
  files: readonly { readonly name: string; readonly isEmpty: boolean }[],
): Promise<void> {
  for (const { name, isEmpty } of files) {
    const path = join(directory, name);
    await (isEmpty ? rm(path) : rename(path, `${path}.damaged`));
  }
}
