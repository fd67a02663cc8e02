import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock, Instant } from '@sluice/model';
import { z } from 'zod';

/**
 * A page's origin, exactly as browsers say it (RFC 6454 6.2): `https:`, or `http:` of this device itself. Undefined for any
 * other: whoever is on the way could be such a page, and pages without an origin of their own all say `null`.
 */
export function readOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  if (url?.origin !== text || text.length > 300 || text.includes('*')) return undefined;
  if (url.protocol === 'https:') return text;
  return url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname) ? text : undefined;
}

/** An origin whose pages may ask, and since when. */
export interface Grant {
  readonly origin: string;
  readonly since: Instant;
}

/** Most origins that are allowed at once. */
const mostGrants = 256;
const kept = z.array(z.object({ origin: z.string(), since: z.number() }));

/** Which pages may ask, as the household said: kept in a file. */
export class Grants {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #grants: Map<string, Grant>;
  #written: Promise<void> = Promise.resolve();

  private constructor(file: string, clock: Clock, grants: readonly Grant[]) {
    this.#file = file;
    this.#clock = clock;
    this.#grants = new Map(grants.map((grant) => [grant.origin, grant]));
  }

  /** Reads what was allowed before; nothing was where there is no file. Throws where it cannot be read. */
  static async open(file: string, clock: Clock): Promise<Grants> {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    const grants = kept.parse(JSON.parse(text)).filter(({ origin }) => readOrigin(origin) === origin);
    return new Grants(file, clock, grants);
  }

  has(origin: string): boolean {
    return this.#grants.has(origin);
  }

  list(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  /** Resolves when it is kept; to false where that is no origin that can be allowed, or there are too many. */
  async allow(text: string): Promise<boolean> {
    const origin = readOrigin(text);
    if (origin === undefined) return false;
    if (!this.has(origin)) {
      if (this.#grants.size >= mostGrants) return false;
      this.#grants.set(origin, { origin, since: this.#clock.now() });
    }
    await this.#write();
    return true;
  }

  /** It may not ask any more, from now on; resolves when that is kept. */
  async forget(origin: string): Promise<void> {
    if (this.#grants.delete(origin)) await this.#write();
  }

  #write(): Promise<void> {
    const text = `${JSON.stringify(this.list(), undefined, 2)}\n`;
    const write = async () => {
      const next = `${this.#file}.next`;
      await writeFile(next, text, { mode: 0o600 });
      await rename(next, this.#file);
    };
    this.#written = this.#written.then(write, write);
    return this.#written;
  }
}
