import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Spread, spreadOf } from './figures.ts';

/** What the disk under `directory` takes to make 4 KiB last, in ms. */
export function fsyncSpread(directory: string, samples = 300): Spread {
  const place = mkdtempSync(join(directory, 'sluice-fsync-'));
  const fd = openSync(join(place, 'file'), 'w');
  const page = Buffer.alloc(4096, 1);
  try {
    const taken = Array.from({ length: samples }, (_, index) => {
      const start = performance.now();
      writeSync(fd, page, 0, page.length, index * page.length);
      fdatasyncSync(fd);
      return performance.now() - start;
    });
    return spreadOf(taken);
  } finally {
    closeSync(fd);
    rmSync(place, { recursive: true });
  }
}
