/** What an input did that no input may do. */
export type Fault =
  /** The parser threw what it does not declare, or a promise was broken. */
  | 'throws'
  /** It took longer than the bound, again and again. */
  | 'slow'
  /** It was not done after seconds. */
  | 'hangs'
  /** The worker thread ended: out of memory, or something thrown outside of every call. */
  | 'dies';

/** One fault, with an input that shows it. */
export interface Finding {
  readonly target: string;
  readonly fault: Fault;
  /** The same for inputs that show the same fault. */
  readonly signature: string;
  readonly message: string;
  readonly input: Uint8Array;
}

/** A fault by what was thrown; the place in our code tells one from another. */
export function findingOf(target: string, thrown: unknown, input: Uint8Array): Finding {
  const error = thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const place = frames.find((frame) => /\/(packages|apps)\//.test(frame)) ?? frames[0] ?? '';
  const where = error.name === 'Broken' ? error.message : place.replace(/:\d+:\d+\)?$/, '').trim();
  return {
    target,
    fault: 'throws',
    signature: `${error.name} ${where}`,
    message: [`${error.name}: ${error.message}`, ...frames.slice(0, 4)].join('\n'),
    input: Uint8Array.from(input),
  };
}
