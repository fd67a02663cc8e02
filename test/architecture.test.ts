import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { refusalCodes } from '@sluice/model';

const root = normalize(join(import.meta.dirname, '..'));

/** Every TypeScript source in the tree that git knows or would know, relative to the root. */
const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && !path.includes('/generated/'));

interface Import {
  readonly from: string;
  /** A path relative to the root, or a bare name. */
  readonly to: string;
  readonly bare: boolean;
}

const imports: Import[] = sources.flatMap((from) => {
  const text = readFileSync(join(root, from), 'utf8');
  const names = [
    ...text.matchAll(/^(?:import|export)\s[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm),
  ];
  return names.map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    if (name.startsWith('.')) return { from, to: relative(root, join(root, dirname(from), name)), bare: false };
    const inTree = workspaceFile(name);
    return inTree ? { from, to: inTree, bare: false } : { from, to: name, bare: true };
  });
});

/** The file that a `@sluice/...` name stands for. */
function workspaceFile(name: string): string | undefined {
  const match = /^@sluice\/([a-z-]+)(?:\/(.+))?$/.exec(name);
  if (!match) return undefined;
  const folder = ['packages', 'apps', '.']
    .map((place) => join(place, match[1] ?? ''))
    .find((path) => sources.some((source) => source.startsWith(`${path}/`)));
  return folder && join(folder, match[2] ?? '', 'index.ts');
}

const isTest = (path: string) => /\.test\.ts$|\/test\//.test(path);
const production = imports.filter((entry) => !isTest(entry.from));
const roomOf = (path: string) => path.split('/').slice(0, 2).join('/');

/** What each room may import of ours, beside itself. `packages/model` is allowed everywhere. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'packages/model': [],
  'packages/wire': [],
  'packages/api': [],
  'packages/identity': [],
  'packages/consent': [],
  'packages/audit': ['packages/identity'],
  'packages/admission': [],
  'packages/io': ['packages/wire', 'packages/admission'],
  'packages/kernel': [],
  'packages/driver': [],
  'packages/port-control': ['packages/driver', 'packages/wire'],
  'packages/usp-gateway': ['packages/wire'],
  'packages/drivers': ['packages/driver', 'packages/wire', 'packages/port-control', 'packages/usp-gateway'],
  'packages/control': ['packages/driver'],
  'packages/store': ['packages/control'],
  'packages/mtp': ['packages/wire', 'packages/identity', 'packages/admission'],
  'packages/usp-agent': ['packages/wire', 'packages/mtp'],
  'packages/cwmp-acs': ['packages/wire', 'packages/driver', 'packages/admission'],
  'packages/usp-controller': ['packages/wire', 'packages/mtp', 'packages/driver'],
};

test('a package imports only what stands below it', () => {
  const wrong = production.filter(({ from, to, bare }) => {
    const room = roomOf(from);
    const permitted = allowed[room];
    if (bare || !permitted) return false;
    const target = roomOf(to);
    return target !== room && target !== 'packages/model' && !permitted.includes(target);
  });
  assert.deepEqual(wrong, []);
});

test('every package has its line in the table', () => {
  const rooms = new Set(sources.filter((path) => path.startsWith('packages/')).map(roomOf));
  assert.deepEqual(
    [...rooms].filter((room) => !(room in allowed)),
    [],
  );
});

test('wire formats know no part of ours, the model neither', () => {
  const wrong = production.filter(
    ({ from, to, bare }) => /^packages\/(wire|model)\//.test(from) && !bare && roomOf(to) !== roomOf(from),
  );
  assert.deepEqual(wrong, []);
});

test('pure rooms open no sockets, files or processes and read no clock', () => {
  const pure = /^packages\/(model|wire|control|driver|drivers|port-control|api)\//;
  const world = /^node:(net|tls|http|https|http2|dgram|fs|fs\/promises|child_process|dns|os|timers.*)$/;
  const wrong = production.filter(({ from, to }) => pure.test(from) && world.test(to));
  assert.deepEqual(wrong, []);
  const clockReaders = sources.filter(
    (path) =>
      pure.test(path) &&
      !isTest(path) &&
      /\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(|new Date\(\)/.test(readFileSync(join(root, path), 'utf8')),
  );
  assert.deepEqual(clockReaders, []);
});

test('an app knows packages, not other apps; only the command line and the lab know apps', () => {
  const wrong = production.filter(({ from, to, bare }) => {
    const mayKnow = from.startsWith('apps/cli/') || /^(lab|bench|fuzz|test)\//.test(from);
    return !bare && !mayKnow && to.startsWith('apps/') && roomOf(to) !== roomOf(from);
  });
  assert.deepEqual(wrong, []);
});

test('one driver never imports another', () => {
  const driverOf = (path: string) => /^packages\/drivers\/([^/]+)\//.exec(path)?.[1];
  const wrong = production.filter(
    ({ from, to, bare }) => !bare && driverOf(from) && driverOf(to) && driverOf(from) !== driverOf(to),
  );
  assert.deepEqual(wrong, []);
});

test('every driver is held against the conformance suite', () => {
  const drivers = sources.flatMap((path) => /^packages\/drivers\/([^/]+)\/index\.ts$/.exec(path)?.[1] ?? []);
  assert.ok(drivers.length > 0);
  const held = (driver: string) =>
    sources.some(
      (path) =>
        path.startsWith(`packages/drivers/${driver}/`) &&
        path.endsWith('.test.ts') &&
        /^\s*driverConformance\(/m.test(readFileSync(join(root, path), 'utf8')),
    );
  assert.deepEqual(
    drivers.filter((driver) => !held(driver)),
    [],
    'a driver whose tests do not call driverConformance',
  );
});

test('no import cycle, type-only imports included', () => {
  const graph = new Map<string, string[]>();
  for (const { from, to, bare } of imports) if (!bare) graph.set(from, [...(graph.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) assert.equal(visit(node, [])?.join(' -> '), undefined);
});

test('files stay small, and named for what they hold', () => {
  const lengths = sources
    .filter((path) => !isTest(path))
    .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length }));
  lengths.sort((a, b) => a.lines - b.lines);
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 450),
    [],
    'over 450 lines',
  );
  const ninetieth = lengths[Math.floor(lengths.length * 0.9)];
  assert.ok(ninetieth && ninetieth.lines <= 250, `90th percentile: ${ninetieth?.lines} lines (${ninetieth?.path})`);
  const heaps = sources.filter((path) => /(^|\/)(utils?|helpers?|common|misc|shared)(\.ts|\/)/.test(path));
  assert.deepEqual(heaps, []);
});

test('nothing is called Manager, Service, Handler, Helper, Context, Data, Info or Utils', () => {
  const wrong = sources.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const names = text.matchAll(
      /\bexport\s+(?:class|interface|type|function|const)\s+(\w*(?:Manager|Service|Handler|Helper|Context|Info|Utils))\b/g,
    );
    return [...names].map((match) => `${path}: ${match[1]}`);
  });
  assert.deepEqual(wrong, []);
});

test('every refusal code is explained', () => {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  assert.deepEqual(
    refusalCodes.filter((code) => !text.includes(`\`${code}\``)),
    [],
  );
});

test('every import of a package is declared by the workspace that makes it', () => {
  const manifests = new Map<string, Set<string>>();
  const wrong = imports.filter(({ from, to, bare }) => {
    if (!bare || to.startsWith('node:')) return false;
    const room = from.startsWith('lab/') ? 'lab' : roomOf(from);
    let declared = manifests.get(room);
    if (!declared) {
      const read = (path: string) => {
        try {
          const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, object | undefined>;
          return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
        } catch {
          return [];
        }
      };
      declared = new Set([...read(`${room}/package.json`), ...read('package.json')]);
      manifests.set(room, declared);
    }
    const name = to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : (to.split('/')[0] ?? to);
    return !declared.has(name);
  });
  assert.deepEqual(wrong, []);
});

test('commands that the README shows exist', () => {
  const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  for (const [, name] of text.matchAll(/npm (?:run )?(start|test|[a-z]+:[a-z]+|check|bench)\b/g))
    assert.ok(scripts.scripts[name ?? ''], `npm ${name}`);
});

test('every test named in ARCHITECTURE.md exists', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const named = [...text.matchAll(/`([\w.-]+\/[\w/.-]+\.test\.ts)`/g)].map((match) => match[1] ?? '');
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((path) => !sources.includes(path)),
    [],
  );
});
