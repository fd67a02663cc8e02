import { errorCode } from '@sluice/wire/usp';
import type { Turn } from './answer.ts';
import type { Caller, CommandResult } from './data-model.ts';
import { agentTable } from './local-agent-types.ts';
import type { MemoryModel } from './memory-model.ts';
import type { AsyncCommand } from './operate.ts';

/** Commands that may run at once for one controller: none keeps another from running its own. */
const mostRunning = 32;

/** Tells how a command ended. */
export type OnComplete = (command: AsyncCommand, result: CommandResult, caller: Caller) => void;

/** Commands that take time, each with its row in Device.LocalAgent.Request while it runs (R-OPR.0). */
export class Requests {
  readonly #local: MemoryModel;
  readonly #onComplete: OnComplete;
  readonly #running = new Map<string, { readonly stop: AbortController; readonly owner: string }>();
  #made = 0;

  constructor(local: MemoryModel, onComplete: OnComplete) {
    this.#local = local;
    this.#onComplete = onComplete;
  }

  /** Runs a command; returns its row, or undefined where too many run already. */
  start(command: AsyncCommand, { caller }: Turn): string | undefined {
    const own = [...this.#running.values()].filter(({ owner }) => owner === caller.endpointId).length;
    if (own >= mostRunning) return undefined;
    const row = `${agentTable.request}${++this.#made}.`;
    const stop = new AbortController();
    this.#running.set(row, { stop, owner: caller.endpointId });
    this.#local.put(
      row,
      {
        Originator: caller.endpointId,
        Command: `${command.object}${command.command}`,
        CommandKey: command.commandKey,
        Status: 'Active',
      },
      caller.endpointId,
    );
    void this.#run(row, command, caller, stop.signal);
    return row;
  }

  /** Cancels the command of a row; the row goes when the command has ended (Request.{i}.Cancel()). */
  cancel(row: string): CommandResult {
    const running = this.#running.get(row);
    if (!running) return { ok: false, code: errorCode.objectDoesNotExist, message: `${row} does not exist` };
    this.#local.put(row, { Status: 'Canceling' });
    running.stop.abort(new DOMException('cancelled by the controller', 'AbortError'));
    return { ok: true, output: new Map() };
  }

  /** Aborts all; what they would say is no longer told. */
  close(): void {
    for (const { stop } of this.#running.values()) stop.abort(new DOMException('the agent stops', 'AbortError'));
    this.#running.clear();
  }

  async #run(row: string, command: AsyncCommand, caller: Caller, signal: AbortSignal): Promise<void> {
    const { model, object, input } = command;
    let result: CommandResult | undefined;
    try {
      result = await model.perform?.(object, command.command, input, caller, signal);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      result = { ok: false, code: errorCode.commandFailure, message };
    }
    if (!this.#running.delete(row)) return;
    if (signal.aborted) result = { ok: false, code: errorCode.commandCancelled, message: 'cancelled' };
    result ??= { ok: false, code: errorCode.commandFailure, message: `${command.command} cannot be run` };
    this.#local.drop(row);
    this.#onComplete(command, result, caller);
  }
}
