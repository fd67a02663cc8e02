import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type BillOfMaterials,
  billOfMaterials,
  type LockedPackage,
  type LockedPackages,
} from '../lab/bill-of-materials.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: LockedPackages };
const page = read('docs/dependencies.md');
const bill = JSON.parse(
  execFileSync(process.execPath, [join(root, 'lab/bill-main.ts')], { encoding: 'utf8', maxBuffer: 64 << 20 }),
) as BillOfMaterials;

/** What was taken from others, by path. */
const taken = Object.entries(packages).filter(([path, locked]) => path.includes('node_modules/') && !locked.link);

function declared(locked: LockedPackage): string[] {
  const { dependencies, devDependencies, optionalDependencies } = locked;
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
}

/** Packages that a workspace, or the root, asks for by name; who asks, as the page has it. */
const direct = new Map<string, string[]>();
for (const [path, locked] of Object.entries(packages)) {
  if (path.includes('node_modules/')) continue;
  for (const name of declared(locked))
    if (!packages[`node_modules/${name}`]?.link)
      direct.set(name, [...(direct.get(name) ?? []), path === '' ? 'the root' : `\`${path}\``]);
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly usedBy: string;
  readonly licence: string;
  readonly all: readonly string[];
}

const rows: Row[] = [...page.matchAll(/^\| `([^`]+)` (\S+) \|(.*)\|$/gm)].map(
  ([, name = '', version = '', rest = '']) => {
    const all = rest.split('|').map((cell) => cell.trim());
    return { name, version, usedBy: all[0] ?? '', licence: all[2] ?? '', all };
  },
);

function licenceInBill(name: string): string {
  const [licence] = bill.components.find((component) => component.name === name)?.licenses ?? [];
  return licence === undefined ? '' : 'expression' in licence ? licence.expression : licence.license.id;
}

test('every package that we ask for is in docs/dependencies.md, with its version, licence and users', () => {
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...direct.keys()].sort());
  for (const { name, version, usedBy, licence, all } of rows) {
    assert.equal(version, packages[`node_modules/${name}`]?.version, name);
    assert.equal(licence, licenceInBill(name), name);
    for (const user of usedBy.split(', '))
      assert.ok(direct.get(name)?.includes(user), `${name}: ${user} does not use it`);
    assert.equal(all.length, 4, name);
    for (const cell of all) assert.ok(cell.length > 2, `${name}: an empty cell`);
  }
});

test('versions are exact, one a package, and every package has a hash', () => {
  for (const [path, locked] of Object.entries(packages)) {
    if (path.includes('node_modules/')) continue;
    const { dependencies, devDependencies, optionalDependencies } = locked;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      if (!packages[`node_modules/${name}`]?.link) assert.match(version, /^\d+\.\d+\.\d+$/, `${path}: ${name}`);
  }
  assert.ok(taken.length > 100);
  assert.deepEqual(
    taken.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')).map(([path]) => path),
    [],
  );
});

test('no package runs code when it is installed', () => {
  const lines = read('.npmrc').split('\n');
  assert.ok(lines.includes('ignore-scripts=true'));
  // The last one counts, in npm as in any ini file.
  assert.deepEqual(
    lines.filter((line) => /^\s*(ignore-scripts|allow-scripts)\b/.test(line)),
    ['ignore-scripts=true'],
  );
  const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;
  assert.equal(manifest.allowScripts, undefined);
  const own = Object.keys(manifest.scripts ?? {});
  assert.deepEqual(
    own.filter((name) => /^(pre|post)?(install|prepare)$/.test(name)),
    [],
  );
});

test('the bill of materials lists every locked package, with hash and licence', () => {
  assert.equal(bill.bomFormat, 'CycloneDX');
  assert.match(bill.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  const listed = new Map(bill.components.map((component) => [`${component.name}@${component.version}`, component]));
  assert.equal(listed.size, bill.components.length);
  const expected = new Map(
    taken.map(([path, locked]) => [`${locked.name ?? path.split('node_modules/').at(-1)}@${locked.version}`, locked]),
  );
  assert.deepEqual([...listed.keys()].sort(), [...expected.keys()].sort());
  for (const [name, { hashes, licenses, purl }] of listed) {
    const [hash] = hashes ?? [];
    const integrity = `sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`;
    assert.equal(integrity, expected.get(name)?.integrity, name);
    assert.equal(hash?.alg, 'SHA-512', name);
    assert.ok(licenses.length > 0, name);
    assert.ok(purl.startsWith('pkg:npm/'), purl);
  }
  const workspaces = Object.keys(packages).filter((path) => path !== '' && !path.includes('node_modules/'));
  assert.equal(bill.metadata.component.components?.length, workspaces.length);
});

test('the bill tells what needs what, and names nothing that it does not list', () => {
  const own = bill.metadata.component;
  const known = new Set([own, ...(own.components ?? []), ...bill.components].map((component) => component['bom-ref']));
  const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  assert.deepEqual([...needs.keys()].sort(), [...known].sort());
  assert.deepEqual(
    [...needs.values()].flat().filter((ref) => !known.has(ref)),
    [],
  );
  const kernel = needs.get('pkg:npm/%40sluice/kernel@0.1.0') ?? [];
  assert.ok(kernel.includes('pkg:npm/%40sluice/model@0.1.0'), 'workspaces are followed through their links');
  assert.ok(kernel.some((ref) => ref.startsWith('pkg:npm/koffi@')));
});

test('a package without hash or licence is in no bill', () => {
  const least = { '': { name: 'us', version: '1.0.0', license: 'MIT' } };
  const whole = { version: '1.0.0', license: 'MIT', integrity: `sha512-${'A'.repeat(86)}==` };
  const { integrity: _, ...noHash } = whole;
  const { license: __, ...noLicence } = whole;
  const none = () => '';
  assert.equal(billOfMaterials({ ...least, 'node_modules/x': whole }, none).components.length, 1);
  assert.throws(
    () => billOfMaterials({ ...least, 'node_modules/x': noHash }, none),
    /x: package-lock\.json has no hash/,
  );
  assert.throws(() => billOfMaterials({ ...least, 'node_modules/x': noLicence }, none), /x: no licence is told/);
});
