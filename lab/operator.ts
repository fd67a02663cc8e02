import { type ChildProcess, spawn } from 'node:child_process';

/** What a part answered. */
export interface OperatorAnswer {
  readonly status: number;
  /** The body, read as JSON; undefined where it is none. */
  readonly body: unknown;
}

/** The deployment's operator, at a desk on one host of the lab: asks parts over mutual TLS. Disposing sends them home. */
export interface Operator extends AsyncDisposable {
  /** One exchange with the part at `url`. Rejects when no answer comes, or with the signal's reason. */
  ask(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    json: unknown,
    signal: AbortSignal,
  ): Promise<OperatorAnswer>;
}

/** What is asked of and answered by the process on the host; see operator-desk.ts. */
export interface DeskQuestion {
  readonly number: number;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly json?: unknown;
}

/** The answer to the question of the same number. */
export type DeskAnswer = { readonly number: number } & (OperatorAnswer | { readonly error: string });

/** Seats an operator on the host with that namespace, with the identity kept in `identity`. */
export function seatOperator(namespace: string, identity: string): Operator {
  const desk = new URL('operator-desk.ts', import.meta.url).pathname;
  const child: ChildProcess = spawn('nsenter', [`--net=${namespace}`, '--', process.execPath, desk, identity], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (answer: DeskAnswer) => void>();
  let number = 0;
  child.on('message', (answer: DeskAnswer) => {
    waiting.get(answer.number)?.(answer);
    waiting.delete(answer.number);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const [number, answer] of waiting) answer({ number, error: 'the operator has left' });
      waiting.clear();
      resolve();
    });
  });
  return {
    ask(method, url, json, signal) {
      signal.throwIfAborted();
      if (!child.connected) return Promise.reject(new Error('the operator has left'));
      const question: DeskQuestion = { number: number++, method, url, json };
      return new Promise((resolve, reject) => {
        const aborted = (): void => reject(signal.reason);
        signal.addEventListener('abort', aborted, { once: true });
        waiting.set(question.number, (answer) => {
          signal.removeEventListener('abort', aborted);
          if ('error' in answer) reject(new Error(`${method} ${url}: ${answer.error}`));
          else resolve({ status: answer.status, body: answer.body });
        });
        child.send(question);
      });
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await ended;
    },
  };
}
