import { closeSync, openSync, writeSync } from 'node:fs';

/** Files that TCP streams are kept in, one a stream. */
export interface StreamFiles extends Disposable {
  /** At once: a stream that is faster than the disk waits by itself. Throws when the disk refuses. */
  write(streamId: string, bytes: Uint8Array): void;
}

/** `pathOf` names the file of a stream; each is made, or emptied, at its first bytes. */
export function streamFiles(pathOf: (streamId: string) => string): StreamFiles {
  const files = new Map<string, number>();
  return {
    write(streamId, bytes) {
      const file = files.get(streamId) ?? openSync(pathOf(streamId), 'w');
      files.set(streamId, file);
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    },
    [Symbol.dispose]() {
      for (const file of files.values()) closeSync(file);
      files.clear();
    },
  };
}
