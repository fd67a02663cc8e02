import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test('package-lock.json names the optional packages of every platform, or `npm ci` refuses it', () => {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages),
    ),
  );
  assert.deepEqual(missing, []);
});

for (const name of ['start', 'test', 'bench', 'sbom'])
  test(`${name}.mjs --help tells the options and an example, on stdout`, () => {
    const text = execFileSync(process.execPath, [join(import.meta.dirname, `${name}.mjs`), '--help'], {
      encoding: 'utf8',
    });
    assert.match(text, /^Usage: npm /);
    assert.match(text, /\nExamples?:\n {2}npm /);
  });
