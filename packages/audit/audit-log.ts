import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '@sluice/identity';
import type { Cancel, Clock } from '@sluice/model';
import type { Named } from './continuation.ts';
import { OpenFile, syncDirectory, writeHead } from './files/log-file.ts';
import { filesEndedBefore } from './files/old-files.ts';
import { recover } from './files/recover.ts';
import type { Audit, AuditKind } from './kinds.ts';
import { bodyOf, type Fields, hashOf, lineOf, type Position } from './line.ts';
import { type Seal, seal } from './seal.ts';
import { mostUnsealed } from './seal-check.ts';
import { Waiting } from './waiting.ts';

/** How a log is kept. */
export interface AuditSettings {
  /** Made where there is none; of one part alone. */
  readonly directory: string;
  /** Lines after which a checkpoint is signed, at most 10,000; default 1,000. */
  readonly checkpointLines?: number;
  /** Milliseconds after which a line is signed at the latest; default 10,000. */
  readonly checkpointMs?: number;
  /** Size at which another file is begun, bytes; default 64 MiB. One is begun each day (UTC) as well. */
  readonly fileBytes?: number;
  /** Files that ended longer ago are removed when another is begun; left out, none is. */
  readonly keepDays?: number;
  /** Most that waits to be written, characters; default 4 Mi. */
  readonly mostWaiting?: number;
}

/** What a log stands on. */
export interface AuditGround {
  /** Whose log it is; read anew for each checkpoint. */
  readonly identity: Pick<Identity, 'endpointId' | 'caPem' | 'certPem' | 'keyPem'>;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** How a log is doing. */
export interface AuditState extends Position {
  /** Lines that wait to be written. */
  readonly waiting: number;
  /** Lines that could not be kept. */
  readonly lost: number;
  /** Times that writing failed. */
  readonly failures: number;
  /** Why it cannot be written at present. */
  readonly failing?: string;
}

const dayMs = 86_400_000;

/** Waits before another try, milliseconds: the first, and the longest. */
const retryMs = [1_000, 60_000] as const;

/**
 * The audit log of a part, which must be the only one with that directory: lines in the order in which they were noted, written together by whoever is at it, never
 * waited for. What goes wrong is told to the log of the part, counted, and tried again.
 */
export class AuditLog implements Audit, AsyncDisposable {
  readonly #settings: Required<Omit<AuditSettings, 'keepDays'>> & Pick<AuditSettings, 'keepDays'>;
  readonly #ground: AuditGround;
  readonly #waiting: Waiting;
  /** Ends waits for the disk's return. */
  readonly #ending = new AbortController();
  #file: OpenFile | undefined;
  #written: (Named & { readonly log: string }) | undefined;
  /** Lines since the last checkpoint. */
  #unsealed = 0;
  #sealDue: Seal['why'] | undefined;
  #isClosing = false;
  #cancelTimer: Cancel = () => {};
  #cancelRetry: Cancel | undefined;
  #work: Promise<void> | undefined;
  #failures = 0;
  #failing: { readonly reason: string; readonly tries: number } | undefined;

  constructor(settings: AuditSettings, ground: AuditGround) {
    this.#settings = {
      checkpointLines: 1_000,
      checkpointMs: 10_000,
      fileBytes: 64 * 1024 * 1024,
      mostWaiting: 4 * 1024 * 1024,
      ...settings,
    };
    const { checkpointLines } = this.#settings;
    if (checkpointLines < 1 || checkpointLines > mostUnsealed)
      throw new RangeError(`a checkpoint is made for 1 to ${mostUnsealed} lines`);
    this.#ground = ground;
    this.#waiting = new Waiting(this.#settings.mostWaiting);
  }

  /** Where the log has come to on disk, and how it is doing. */
  get state(): AuditState {
    return {
      seq: this.#written?.seq ?? 0,
      hash: this.#written?.hash ?? '',
      waiting: this.#waiting.count,
      lost: this.#waiting.lost,
      failures: this.#failures,
      ...(this.#failing && { failing: this.#failing.reason }),
    };
  }

  note(kind: AuditKind, fields: Fields): void {
    if (this.#ending.signal.aborted) return;
    this.#waiting.put(this.#ground.clock.now(), kind, fields);
    this.#wake();
  }

  /** Resolves when what was noted until now is written, or could not be. */
  async flushed(): Promise<void> {
    this.#wake();
    while (this.#work) await this.#work;
  }

  /** Writes what waits and signs the end. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(new Error('the audit ends'));
    this.#cancelTimer();
    this.#cancelRetry?.();
    while (this.#work) await this.#work;
    // One that never began has nothing to end.
    if (!this.#written && this.#waiting.isEmpty) return;
    this.#isClosing = true;
    await this.#run();
    await this.#file?.[Symbol.asyncDispose]().catch(() => undefined);
    if (!this.#waiting.isEmpty)
      this.#ground.log.error({ lines: this.#waiting.count }, 'the audit ends with lines that could not be written');
  }

  #wake(): void {
    if (this.#work || this.#cancelRetry || this.#ending.signal.aborted) return;
    this.#work = this.#run().finally(() => {
      this.#work = undefined;
      if (!this.#waiting.isEmpty || this.#sealDue) this.#wake();
    });
  }

  async #run(): Promise<void> {
    // What is noted in the same turn is written together.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      do await this.#step();
      while (!this.#waiting.isEmpty || this.#sealDue || this.#isClosing);
      if (this.#failing) this.#ground.log.info({ lost: this.#waiting.lost }, 'the audit is written again');
      this.#failing = undefined;
    } catch (error) {
      await this.#failed(error);
    }
  }

  async #step(): Promise<void> {
    const { checkpointLines, fileBytes } = this.#settings;
    this.#file ??= await this.#open();
    const file = this.#file;
    if (this.#sealDue) return this.#checkpoint(file, this.#sealDue);
    const day = this.#waiting.day;
    if (day === undefined) return this.#isClosing ? this.#checkpoint(file, 'closing') : undefined;
    const isNextDay = day > file.day;
    if (isNextDay || file.size >= fileBytes) return this.#rotate(file, isNextDay ? day : file.day);
    const entries = this.#waiting.take(checkpointLines - this.#unsealed, file.day);
    try {
      await this.#append(
        file,
        entries.map(({ body }) => body),
      );
    } catch (error) {
      this.#waiting.putBack(entries);
      throw error;
    }
  }

  async #append(file: OpenFile, bodies: readonly string[]): Promise<void> {
    const written = this.#written;
    if (!written) throw new Error('the log is not open');
    let { seq, hash } = written;
    let text = '';
    for (const body of bodies) {
      const line = lineOf({ seq, hash }, body);
      hash = hashOf(line);
      seq++;
      text += `${line}\n`;
    }
    await file.append(text);
    this.#written = { log: written.log, seq, hash };
    if (this.#unsealed === 0 && bodies.length > 0) this.#arm();
    this.#unsealed += bodies.length;
    if (this.#unsealed >= this.#settings.checkpointLines) this.#sealDue ??= 'lines';
  }

  #arm(): void {
    if (this.#ending.signal.aborted) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#ground.clock.after(this.#settings.checkpointMs, () => {
      this.#sealDue ??= 'time';
      this.#wake();
    });
  }

  /** Signs what was written; it and the signature survive a power cut. */
  async #checkpoint(file: OpenFile, why: Seal['why']): Promise<void> {
    const { clock, identity } = this.#ground;
    const before = this.#written;
    if (!before) return;
    const at = new Date(clock.now());
    const sign = ({ log, seq, hash }: typeof before) => seal({ log, seq, hash, at: at.toISOString(), why }, identity);
    const body = bodyOf(at.getTime(), 'checkpoint', { why, sealed: await sign(before) });
    await this.#append(file, [body]);
    this.#cancelTimer();
    this.#unsealed = 0;
    await file.sync();
    // Never ahead of what is durable in the log.
    await writeHead(this.#settings.directory, await sign(this.#written ?? before));
    this.#sealDue = undefined;
    if (why === 'closing') this.#isClosing = false;
  }

  async #rotate(file: OpenFile, day: string): Promise<void> {
    await this.#checkpoint(file, 'rotation');
    const { log, seq } = this.#written ?? { log: '', seq: 0 };
    const next = await OpenFile.create(this.#settings.directory, seq + 1, day);
    this.#file = next;
    await file[Symbol.asyncDispose]();
    await this.#append(next, [this.#logLine(log, { why: 'rotated' })]);
    await syncDirectory(this.#settings.directory);
    await this.#removeOld(next);
  }

  /** Says so, signs that, and then removes the files that need not be kept. */
  async #removeOld(file: OpenFile): Promise<void> {
    const { directory, keepDays } = this.#settings;
    if (keepDays === undefined) return;
    const oldest = new Date(Date.parse(file.day) - keepDays * dayMs).toISOString().slice(0, 10);
    const old = await filesEndedBefore(directory, oldest);
    if (!old) return;
    const { last, names } = old;
    const told = { through: last.seq, hash: last.hash, files: names.length };
    await this.#append(file, [bodyOf(this.#ground.clock.now(), 'files-removed', told)]);
    await this.#checkpoint(file, 'lines');
    for (const name of names) await rm(join(directory, name));
  }

  /** Finds the end of the log, and says how it goes on. */
  async #open(): Promise<OpenFile> {
    const { directory } = this.#settings;
    const { identity, clock, log: partLog } = this.#ground;
    const before = this.#written;
    const { log, from, told, at } = await recover(directory, identity, before);
    const today = new Date(clock.now()).toISOString().slice(0, 10);
    const file = at
      ? await OpenFile.at(at.path, at.day, at.size)
      : await OpenFile.create(directory, from.seq + 1, today);
    try {
      this.#written = { ...from, log };
      if (told) {
        if (told.missing) partLog.error({ directory, ...told }, 'the end of the audit log was taken away');
        await this.#append(file, [this.#logLine(log, told)]);
        this.#sealDue = 'begun';
      }
    } catch (error) {
      this.#written = before;
      await file[Symbol.asyncDispose]();
      throw error;
    }
    return file;
  }

  #logLine(log: string, told: Fields): string {
    const { clock, identity } = this.#ground;
    const { checkpointLines } = this.#settings;
    return bodyOf(clock.now(), 'log', { log, of: identity.endpointId, checkpointLines, ...told });
  }

  async #failed(error: unknown): Promise<void> {
    const { log, clock } = this.#ground;
    const reason = error instanceof Error ? error.message : String(error);
    this.#failures++;
    const tries = this.#failing ? this.#failing.tries + 1 : 0;
    if (tries === 0) log.error({ directory: this.#settings.directory, reason }, 'the audit cannot be written');
    this.#failing = { reason, tries };
    await this.#file?.[Symbol.asyncDispose]().catch(() => undefined);
    this.#file = undefined;
    if (this.#ending.signal.aborted) return;
    this.#cancelRetry = clock.after(Math.min(retryMs[0] * 2 ** Math.min(tries, 10), retryMs[1]), () => {
      this.#cancelRetry = undefined;
      this.#wake();
    });
  }
}

/** Opens the log of a part; what goes wrong with the disk is told, counted and tried again, also now. */
export async function openAudit(settings: AuditSettings, ground: AuditGround): Promise<AuditLog> {
  const audit = new AuditLog(settings, ground);
  await audit.flushed();
  return audit;
}
