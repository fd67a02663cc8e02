import type { Chance } from '../chance.ts';
import { type Mutator, replaced } from './mutator.ts';

const values: readonly unknown[] = [
  ...[null, true, false, 0, -0, 1, -1, 0.5, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324],
  ...['', ' ', '0', '1', 'true', 'null', '__proto__', 'constructor', '\0', '\ud800', '\u202e', '日本', 'a'.repeat(300)],
  ...['::', '0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4', 'fe80::1%eth0', '127.0.0.1', 'http://[::1', '*'],
  ...[[], {}, [[]], [null], [{}], { '': '' }],
];

const names = [
  'k'.repeat(3_000),
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '',
  '0',
  'then',
  'toJSON',
  'a.b',
  '\ud800',
];

/** Mutates a JSON text as the tree that it is; keys are renamed, values exchanged, lists grown. */
export const jsonTree: Mutator = (input, { chance, other }) => {
  try {
    const root = { '': JSON.parse(Buffer.from(input).toString('utf8')) as unknown };
    const at = place(root, chance);
    change(at.holder, at.key, chance, () => anyValue(other(), chance));
    return Buffer.from(JSON.stringify(root['']) ?? '');
  } catch {
    return input;
  }
};

/** The same name a second time in an object, as only text can say it. */
export const jsonRepeat: Mutator = (input, { chance }) => {
  const text = Buffer.from(input).toString('latin1');
  const members = [...text.matchAll(/"[^"]{0,40}":(?:"[^"]{0,80}"|[0-9.eE+-]+|true|false|null)/g)];
  if (members.length === 0) return input;
  const member = chance.pick(members);
  const again = `${member[0]},`.repeat(chance.oneIn(8) ? chance.size(512) : 1);
  return replaced(input, member.index, member.index, Buffer.from(again, 'latin1'));
};

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Anywhere in the tree, each level half as likely as the one above. */
function place(root: Record<string, unknown>, chance: Chance): Place {
  let at: Place = { holder: root, key: '' };
  for (let depth = 0; depth < 32; depth++) {
    const value = at.holder[at.key];
    if (typeof value !== 'object' || value === null || chance.oneIn(4)) break;
    const keys = Object.keys(value);
    if (keys.length === 0) break;
    at = { holder: value as Record<string, unknown>, key: chance.pick(keys) };
  }
  return at;
}

function anyValue(json: Uint8Array, chance: Chance): unknown {
  const { holder, key } = place({ '': JSON.parse(Buffer.from(json).toString('utf8')) as unknown }, chance);
  return holder[key];
}

function change(holder: Record<string, unknown>, key: string, chance: Chance, donated: () => unknown): void {
  const value = holder[key];
  switch (chance.below(8)) {
    case 0:
      delete holder[key];
      return;
    case 1:
      define(holder, chance.pick(names), value);
      if (chance.oneIn(2)) delete holder[key];
      return;
    case 2:
      if (Array.isArray(value) && value.length > 0) {
        const again: unknown = chance.pick(value);
        value.push(...Array.from({ length: chance.size(64) }, () => again));
        return;
      }
      holder[key] = [value];
      return;
    case 3:
      define(holder, chance.pick(names), chance.pick(values));
      return;
    case 4:
      holder[key] = donated();
      return;
    case 5:
      if (typeof value === 'number') {
        holder[key] = value + chance.pick([-1, 1, 0.5, 65_536, 2 ** 32]);
        return;
      }
      if (typeof value === 'string') {
        const at = chance.below(value.length + 1);
        holder[key] = value.slice(0, at) + String(chance.pick(values)) + value.slice(at + chance.below(2));
        return;
      }
      holder[key] = { a: value };
      return;
    default:
      holder[key] = chance.pick(values);
  }
}

/** Assignment to `__proto__` would change the object itself. */
function define(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
