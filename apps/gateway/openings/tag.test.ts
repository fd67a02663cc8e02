import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unchecked } from '../consent/consent.ts';
import { readTag, type Tag, tagRoom, writeTag } from './tag.ts';

const tag: Tag = {
  alias: 'o-4f1b',
  owner: 'self::configuration-1',
  instance: 71,
  allInterfaces: true,
  group: 'video',
  groupOffset: 1,
  description: 'film | 100 % "ünicode"',
  consent: { by: 'signed', end: 1_800_000_000_000 },
};

test('a tag is written and read', () => {
  const text = writeTag(tag);
  assert.equal(text, 'o-4f1b|self::configuration-1|1z*.stro8w0|video1|film %7c 100 %25 "ünicode"');
  assert.deepEqual(readTag(text, []), tag);
  const plain: Tag = {
    ...tag,
    allInterfaces: false,
    group: undefined,
    groupOffset: 0,
    description: '',
    consent: unchecked,
  };
  assert.deepEqual(readTag(writeTag(plain) ?? '', []), plain);
});

test('what must not be lost fits, whatever its length', () => {
  const longest: Tag = {
    ...tag,
    alias: 'a'.repeat(63),
    owner: `self::${'b'.repeat(50)}`,
    group: 'g'.repeat(32),
    description: 'ü'.repeat(256),
  };
  for (const candidate of [longest, { ...longest, owner: 'self::c' }, { ...longest, alias: 'a', group: 'g' }]) {
    const text = writeTag(candidate) ?? '';
    assert.ok(Buffer.byteLength(text) <= tagRoom && Buffer.byteLength(text) > tagRoom - 3, text);
    const read = readTag(text, ['self::other', candidate.owner]);
    assert.deepEqual([read?.alias, read?.owner, read?.instance], [candidate.alias, candidate.owner, 71]);
    assert.deepEqual(read?.consent, tag.consent);
    assert.ok(candidate.description.startsWith(read?.description ?? 'not read'));
  }
  assert.equal(readTag(writeTag(longest) ?? '', [])?.owner.slice(0, 1), '~');
  assert.equal(writeTag({ ...tag, alias: 'ü'.repeat(64) }), undefined);
});

test('an escape is not cut in half', () => {
  for (let length = 60; length < 90; length++) {
    const text = writeTag({ ...tag, description: `${'x'.repeat(length)}||||` }) ?? '';
    assert.match(readTag(text, [])?.description ?? '', /^x+\|*$/);
  }
});

test('other texts are no tags', () => {
  for (const text of [
    '',
    'a',
    '|b|1||',
    'a||1||',
    'a|b|0||',
    'a|b|!||',
    'a|b|1|',
    'a|b|1|||',
    'a|b|zzzzzzzzzzz||',
    'a|b|1.||',
    'a|b|1.x||',
    'a|b|1.s-||',
  ])
    assert.equal(readTag(text, []), undefined, text);
});
