import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultSettings } from './settings.ts';

const here = import.meta.dirname;
const page = readFileSync(join(here, '../../docs/lifecycle.md'), 'utf8');
const rowsOf = (heading: string) => {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name ?? '').sort();
};
const sources = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|^test\//.test(path))
  .map((path) => readFileSync(join(here, path), 'utf8'));

test('the page about the life of a session tells every step of a timeline, and no other', () => {
  const steps = sources.flatMap((text) => [
    ...[...text.matchAll(/\bnote(?:At\([\w.#]+,\s*|\()[^,']+,\s*'([a-z-]+)'/g)].map(([, step]) => step),
    ...[
      ...text.matchAll(/\bmove\([^;]*?'[a-z-]+'(?: : '[a-z-]+')?,\s*(?:[^;']*\? )?'([a-z-]+)'(?: : '([a-z-]+)')?/g),
    ].flatMap(([, step, other]) => [step, other]),
    ...[...text.matchAll(/\bstep: '([a-z-]+)'/g)].map(([, step]) => step),
  ]);
  assert.deepEqual(rowsOf('The steps of a timeline'), [...new Set(steps.filter((step) => step !== undefined))].sort());
});

test('it tells every reason to close', () => {
  const model = readFileSync(join(here, '../model/session.ts'), 'utf8');
  const reasons = /export type CloseReason =([^;]+);/.exec(model)?.[1]?.match(/[a-z]+(?:-[a-z]+)*/g) ?? [];
  assert.deepEqual(rowsOf('Why it closed'), reasons.toSorted());
  assert.ok(reasons.length > 0);
});

test('the README names no setting that does not exist', () => {
  const text = readFileSync(join(here, 'README.md'), 'utf8');
  const named = [...text.matchAll(/`(\w+Ms|globalPorts|portTries)`/g)].map(([, name]) => name ?? '');
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((name) => !(name in defaultSettings)),
    [],
  );
});
