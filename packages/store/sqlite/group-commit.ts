import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreUnusable } from '../unusable.ts';

interface Write {
  readonly work: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Most writes in one transaction: bounds how long the event loop stands still. */
const mostWrites = 512;

/**
 * The writes of one event-loop turn in one transaction: one fsync for all of them. One that fails takes no other with
 * it: the turn is then done again with a savepoint for each. A write resolves after its commit, and not before.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<
    Record<'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'undo', StatementSync>
  >;
  #queue: Write[] = [];
  #scheduled = false;
  #closed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = {
      begin: database.prepare('begin immediate'),
      commit: database.prepare('commit'),
      rollback: database.prepare('rollback'),
      savepoint: database.prepare('savepoint one_write'),
      release: database.prepare('release one_write'),
      undo: database.prepare('rollback to one_write'),
    };
  }

  /** Does `work` in the transaction of this turn. It runs statements, waits for nothing, and may be done again. */
  write(work: () => void): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreUnusable('closed', 'the store is closed'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      this.#schedule();
    });
  }

  /** Commits what waits; then takes nothing more. */
  close(): void {
    while (this.#queue.length > 0) this.#commit();
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#queue.length > 0) this.#commit();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commit(): void {
    const batch = this.#queue.splice(0, mostWrites);
    // Savepoints copy every page that a write touches, so they are taken only where some write is known to fail.
    if (this.#tryTogether(batch)) for (const { resolve } of batch) resolve();
    else this.#commitEach(batch);
  }

  /** False where one of them failed; nothing has happened then. */
  #tryTogether(batch: readonly Write[]): boolean {
    try {
      this.#statements.begin.run();
      for (const { work } of batch) work();
      this.#statements.commit.run();
      return true;
    } catch {
      if (this.#database.isTransaction) this.#statements.rollback.run();
      return false;
    }
  }

  #commitEach(batch: readonly Write[]): void {
    const done: Write[] = [];
    const failed: { readonly write: Write; readonly error: unknown }[] = [];
    try {
      this.#statements.begin.run();
      for (const write of batch) {
        const error = this.#tryAlone(write);
        if (error === undefined) done.push(write);
        else failed.push({ write, error });
      }
      this.#statements.commit.run();
    } catch (error) {
      if (this.#database.isTransaction) this.#statements.rollback.run();
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of done) resolve();
    for (const { write, error } of failed) write.reject(error);
  }

  /** Why the write failed alone; throws where SQLite gave up the whole transaction. */
  #tryAlone({ work }: Write): unknown {
    this.#statements.savepoint.run();
    try {
      work();
    } catch (error) {
      if (!this.#database.isTransaction) throw error;
      this.#statements.undo.run();
      this.#statements.release.run();
      return error;
    }
    this.#statements.release.run();
    return undefined;
  }
}
