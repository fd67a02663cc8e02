import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreUnusable } from '../unusable.ts';
import { keyLength, type SealKey, sealKey } from './seal.ts';

/** Where the keys are. */
export interface KeyFileOptions {
  /** A key a line, base64 of 32 octets. The first one seals; those below it open what was sealed before. */
  readonly file: string;
  /** Left out, the file is made when a key is first needed. */
  readonly made?: 'elsewhere';
}

/** The keys of one file. */
export class KeyFile {
  readonly #options: KeyFileOptions;
  #keys: readonly SealKey[];
  #making: Promise<SealKey> | undefined;

  private constructor(options: KeyFileOptions, keys: readonly SealKey[]) {
    this.#options = options;
    this.#keys = keys;
  }

  /** Reads the keys; a file that is not there holds none. Throws {@link StoreUnusable}, reason `key`. */
  static async open(options: KeyFileOptions): Promise<KeyFile> {
    return new KeyFile(options, (await readKeys(options)) ?? []);
  }

  get file(): string {
    return this.#options.file;
  }

  /** The key that seals now; undefined before one was needed. */
  get newest(): SealKey | undefined {
    return this.#keys[0];
  }

  find(id: string): SealKey | undefined {
    return this.#keys.find((key) => key.id === id);
  }

  /** The key that seals now, made where there is none; it is on disk when this resolves. Throws {@link StoreUnusable}. */
  async needed(): Promise<SealKey> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.newest ?? this.#making;
  }

  async #make(): Promise<SealKey> {
    const { file, made } = this.#options;
    if (this.newest) return this.newest;
    if (made === 'elsewhere') throw unusable(file, 'it holds no key; give it one: 32 random octets in base64');
    const octets = randomBytes(keyLength);
    try {
      await using written = await open(file, 'wx', 0o600);
      await written.writeFile(`${octets.toString('base64')}\n`);
      await written.sync();
      await using folder = await open(dirname(file), 'r');
      await folder.sync();
    } catch (error) {
      throw unusable(file, `it cannot be made: ${messageOf(error)}`, error);
    }
    const key = sealKey(octets);
    this.#keys = [key];
    return key;
  }
}

async function readKeys({ file, made }: KeyFileOptions): Promise<readonly SealKey[] | undefined> {
  let text: string;
  try {
    await using opened = await open(file, 'r');
    const { mode } = await opened.stat();
    // systemd lets a service read its credentials by an access list, which shows as rights of the group.
    const others = made === 'elsewhere' ? 0o007 : 0o077;
    if ((mode & others) !== 0) throw unusable(file, `others may read it; chmod 600 ${file}`);
    text = await opened.readFile('utf8');
  } catch (error) {
    if (error instanceof StoreUnusable) throw error;
    if (made === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, `it cannot be read: ${messageOf(error)}`, error);
  }
  const lines = text.split('\n').map((line) => line.trim());
  return lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    const octets = /^[A-Za-z0-9+/]{43}=$/.test(line) ? Buffer.from(line, 'base64') : undefined;
    if (octets?.length !== keyLength) throw unusable(file, `line ${index + 1} is no key: 32 octets in base64`);
    return [sealKey(octets)];
  });
}

function unusable(file: string, why: string, cause?: unknown): StoreUnusable {
  return new StoreUnusable('key', `the key file ${file} cannot be used: ${why}`, cause);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
