import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConfigurationChange, GatewayAddresses, GrantedOpening, Observed, Outcome, Traits } from '@sluice/model';

/** The driver in a process of its own on a host of the lab, as its appliance runs it. Disposing ends it. */
export interface DriverHost extends AsyncDisposable {
  /** Finds the gateway anew. */
  connect(): Promise<Traits>;
  /** As after a restart of the appliance: nothing is remembered. */
  forget(): Promise<void>;
  addresses(): Promise<GatewayAddresses>;
  observe(believed: readonly GrantedOpening[]): Promise<Observed>;
  change(parts: Partial<ConfigurationChange>): Promise<Outcome>;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts it in a network namespace. */
export function startDriverHost(namespace: string, communication: Record<string, string> = {}): DriverHost {
  const program = join(import.meta.dirname, 'host-program.ts');
  const child = spawn(
    'nsenter',
    [`--net=${namespace}`, '--', process.execPath, program, JSON.stringify(communication)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer & { readonly id: number };
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.on('exit', () => {
    for (const settle of waiting.values()) settle({ error: 'the host ended' });
  });
  let last = 0;
  function ask<Result>(method: string, argument?: unknown): Promise<Result> {
    const id = ++last;
    return new Promise<Result>((resolve, reject) => {
      waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result as Result) : reject(new Error(error)),
      );
      child.stdin.write(`${JSON.stringify({ id, method, argument })}\n`);
    });
  }
  return {
    connect: () => ask('connect'),
    forget: () => ask('forget'),
    addresses: () => ask('addresses'),
    observe: (believed) => ask('observe', believed),
    change: (parts) => ask('change', parts),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      child.kill('SIGTERM');
      await ended;
    },
  };
}
