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
 * The writes of one event-loop turn in one transaction: one fsync for all of them. Each has a savepoint of its own, so
 * that one that fails takes no other with it. A write resolves after its commit, and not before.
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

  /** Does `work`, which runs statements and waits for nothing, in the transaction of this turn. */
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
    const done: Write[] = [];
    try {
      this.#statements.begin.run();
      for (const write of batch) if (this.#do(write)) done.push(write);
      this.#statements.commit.run();
    } catch (error) {
      if (this.#database.isTransaction) this.#statements.rollback.run();
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of done) resolve();
  }

  /** False where the write failed alone; throws where SQLite gave up the whole transaction. */
  #do({ work, reject }: Write): boolean {
    this.#statements.savepoint.run();
    try {
      work();
    } catch (error) {
      if (!this.#database.isTransaction) throw error;
      this.#statements.undo.run();
      this.#statements.release.run();
      reject(error);
      return false;
    }
    this.#statements.release.run();
    return true;
  }
}
