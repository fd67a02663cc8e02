import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { noteSession } from './test/day.ts';
import { inShort, type LogRig, logRig } from './test/log-rig.ts';

let rig: LogRig;
let paths: string[];
let contents: Map<string, Buffer>;

before(async () => {
  rig = await logRig();
  const audit = await rig.open({ checkpointLines: 10, fileBytes: 12_000 });
  for (let n = 0; n < 8; n++) {
    noteSession(audit, n, rig.clock.now());
    await audit.flushed();
  }
  await audit[Symbol.asyncDispose]();
  const files = await rig.files();
  assert.ok(files.length >= 2, `${files.length} files`);
  paths = [...files, join(rig.directory, 'head.jws')];
  contents = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)));
  assert.deepEqual(inShort(await rig.verify()), []);
});
after(() => rig[Symbol.asyncDispose]());

/** Whether verifying finds anything in the log after `change` to one byte somewhere. */
async function isFound(file: number, share: number, change: (bytes: Buffer, at: number) => Buffer): Promise<boolean> {
  const path = paths[file % paths.length] ?? '';
  const whole = contents.get(path) ?? Buffer.alloc(0);
  try {
    await writeFile(path, change(whole, Math.floor(share * whole.length)));
    return (await rig.verify()).wrong.length > 0;
  } finally {
    await writeFile(path, whole);
  }
}

const place = [fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })] as const;

test('a byte changed to any other, wherever, is found', async () => {
  await fc.assert(
    fc.asyncProperty(...place, fc.integer({ min: 1, max: 255 }), (file, share, by) =>
      isFound(file, share, (whole, at) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ by;
        return bytes;
      }),
    ),
    { numRuns: 400 },
  );
});

test('a byte taken out is found', async () => {
  await fc.assert(
    fc.asyncProperty(...place, (file, share) =>
      isFound(file, share, (whole, at) => Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)])),
    ),
    { numRuns: 200 },
  );
});

test('a byte put in is found', async () => {
  await fc.assert(
    fc.asyncProperty(...place, fc.integer({ min: 0, max: 255 }), (file, share, byte) =>
      isFound(file, share, (whole, at) => Buffer.concat([whole.subarray(0, at), Buffer.of(byte), whole.subarray(at)])),
    ),
    { numRuns: 200 },
  );
});
