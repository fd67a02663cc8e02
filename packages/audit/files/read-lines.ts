import { createReadStream } from 'node:fs';
import { mostLineBytes } from '../line.ts';

/** A stretch of a file between line ends. */
export interface RawLine {
  /** From 1. */
  readonly number: number;
  /** At most one byte more than a line may have, however long it is: enough to see that it is none. */
  readonly bytes: Uint8Array;
  /** The file ends before its end does. */
  readonly torn?: true;
}

const lineEnd = 0x0a;

/** The lines of a file, those of each stretch that was read together. Memory does not grow with the file. */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<readonly RawLine[]> {
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const read of createReadStream(path, { signal, highWaterMark: 256 * 1024 })) {
    const chunk = rest.length === 0 ? (read as Buffer) : Buffer.concat([rest, read as Buffer]);
    const lines: RawLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, start)) {
      lines.push({ number: ++number, bytes: bounded(chunk.subarray(start, end)) });
      start = end + 1;
    }
    rest = Buffer.from(bounded(chunk.subarray(start)));
    yield lines;
  }
  if (rest.length > 0) yield [{ number: number + 1, bytes: rest, torn: true }];
}

function bounded(bytes: Buffer): Buffer {
  return bytes.subarray(0, mostLineBytes + 1);
}
