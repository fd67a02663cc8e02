import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const testPath = /[\w./-]+\.test\.ts/g;

interface Row {
  readonly section: string;
  readonly cells: readonly string[];
}

/** Rows of the tables whose last column names tests. */
function rowsWithTests(): Row[] {
  const rows: Row[] = [];
  let section = '';
  let table: 'none' | 'tests' | 'other' = 'none';
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) section = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) {
      table = 'none';
      continue;
    }
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (table === 'none') table = /^(tests?|shown by)$/.test(cells.at(-1) ?? '') ? 'tests' : 'other';
    else if (table === 'tests' && !/^[-: ]+$/.test(cells.join(''))) rows.push({ section, cells });
  }
  return rows;
}

const rows = rowsWithTests();
const attackers = [
  'A stranger on the internet',
  'Another customer',
  'A device inside the home',
  'A stolen appliance',
  'A portal that was taken over',
  'A media server that was taken over',
  'A configuration server that was taken over',
  'A man in the middle',
  'A message that is replayed',
];

test('every row of docs/security.md names the test that shows it, and every test that it names is run', () => {
  assert.ok(rows.length > 50, `${rows.length} rows`);
  const run = new Set(
    globSync('{apps,bench,fuzz,lab,packages,test}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] }),
  );
  for (const { section, cells } of rows) {
    const named = (cells.at(-1) ?? '').match(testPath) ?? [];
    assert.ok(named.length > 0, `${section}: ${cells[0]}`);
    for (const path of named) assert.ok(run.has(path), `${section}: ${cells[0]}: there is no ${path}`);
    assert.ok((cells.at(-2) ?? '').length > 0, `${section}: ${cells[0]}: nothing stops it`);
  }
  for (const [path] of page.matchAll(testPath)) assert.ok(existsSync(join(root, path)), path);
});

test('the threat model takes each attacker in turn, and says what is not stopped', () => {
  for (const attacker of attackers) {
    const [, body = ''] = page.split(`### ${attacker}\n`);
    const [section = ''] = body.split(/^##/m);
    assert.ok(rows.filter((row) => row.section === attacker).length >= 3, attacker);
    assert.match(section, /^Not stopped: \S/m, attacker);
  }
});

test('no program of ours gives a shell a word', () => {
  const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'apps/**.ts', 'packages/**.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '' && !/\.test\.ts$|\/test\//.test(path));
  assert.ok(sources.length > 100);
  const spawning: string[] = [];
  for (const path of sources) {
    const text = readFileSync(join(root, path), 'utf8');
    const [, imported = ''] = /import \{([^}]*)\} from 'node:child_process'/.exec(text) ?? [];
    const names = imported.split(',').map((name) => name.trim());
    assert.ok(!names.some((name) => /^exec(Sync)?$/.test(name)), `${path}: exec runs a shell`);
    // Whichever way it is imported, it is by that name.
    assert.equal(/child_process/.test(text), imported !== '', `${path}: child_process by another way`);
    if (imported === '') continue;
    spawning.push(path);
    assert.doesNotMatch(text, /\bshell\s*:/, path);
    assert.doesNotMatch(text, /(?:spawn|spawnSync|execFile|execFileSync)\(\s*['"](?:\/bin\/)?(?:ba|da)?sh['"]/, path);
  }
  assert.ok(spawning.length > 2, 'it looks where programs are started');
});
