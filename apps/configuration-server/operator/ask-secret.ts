import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';

/** Where a person types, and where he is spoken to. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & Pick<ReadStream, 'isTTY'>;
  readonly output: NodeJS.WritableStream;
}

const own: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Asks for secrets, one after the other: on a terminal without showing what is typed, else they are the lines of stdin.
 * They never come from the command line, which everybody on the machine can read. Throws where one is not given.
 */
export async function askSecrets(names: readonly string[], { input, output }: Terminal = own): Promise<string[]> {
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const isTerminal = input.isTTY === true;
  const reader = createInterface({ input, output: hidden, terminal: isTerminal });
  try {
    const lines = reader[Symbol.asyncIterator]();
    const given: string[] = [];
    for (const name of names) {
      if (isTerminal) output.write(`${name}: `);
      const { value = '', done } = await lines.next();
      if (isTerminal) output.write('\n');
      if (done || value === '') throw new Error(`no ${name} was given`);
      given.push(value);
    }
    return given;
  } finally {
    reader.close();
  }
}

/** Asks for one secret, see {@link askSecrets}. */
export async function askSecret(name: string, terminal: Terminal = own): Promise<string> {
  const [secret = ''] = await askSecrets([name], terminal);
  return secret;
}

/** Asks for a new secret; on a terminal twice, since it is not seen. Throws where the two differ. */
export async function askNewSecret(name: string, terminal: Terminal = own): Promise<string> {
  if (!terminal.input.isTTY) return askSecret(name, terminal);
  const [secret = '', again] = await askSecrets([name, `${name} again`], terminal);
  if (secret !== again) throw new Error('these are not the same; nothing was changed');
  return secret;
}
