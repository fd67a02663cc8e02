import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials, type LockedPackages } from './bill-of-materials.ts';

const root = join(import.meta.dirname, '..');

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as T;
}

/** Packages of before 2014 tell their licences as a list, which npm does not take into the lock file. */
function licenceOf(path: string): string {
  const { licenses = [] } = readJson<{ licenses?: readonly { readonly type: string }[] }>(join(path, 'package.json'));
  return licenses.map(({ type }) => type).join(' OR ');
}

const { packages } = readJson<{ packages: LockedPackages }>('package-lock.json');
process.stdout.write(`${JSON.stringify(billOfMaterials(packages, licenceOf), undefined, 2)}\n`);
