import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unchecked } from '../consent/consent.ts';
import { readTag, type Tag, tagRoom, writeTag } from './tag.ts';

const text = (maxLength: number) => fc.string({ unit: 'grapheme', maxLength });
const owners = ['self::configuration-1', `self::${'x'.repeat(50)}`];
const tags: fc.Arbitrary<Tag> = fc.record({
  alias: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  owner: fc.constantFrom(...owners),
  instance: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  allInterfaces: fc.boolean(),
  group: fc.option(text(10), { nil: undefined }),
  groupOffset: fc.constantFrom(0 as const, 1 as const),
  description: text(60),
  consent: fc.oneof(
    fc.constant(unchecked),
    fc.record(
      {
        by: fc.constantFrom('signed' as const, 'flow' as const, 'operator' as const),
        end: fc.oneof(
          fc.integer({ min: 1, max: 2 ** 40 }).map((seconds) => seconds * 1_000),
          fc.constant(Number.POSITIVE_INFINITY),
        ),
      },
      { noNullPrototype: true },
    ),
  ),
});

test('a row is the same after a restart, and its tag fits', () => {
  fc.assert(
    fc.property(tags, (tag) => {
      const written = writeTag(tag);
      if (written === undefined) return;
      assert.ok(Buffer.byteLength(written) <= tagRoom);
      assert.doesNotMatch(written, /\p{Cc}/u);
      const read = readTag(written, owners);
      assert.ok(read);
      const { alias, owner, instance, allInterfaces, consent } = tag;
      assert.deepEqual(
        [read.alias, read.owner, read.instance, read.allInterfaces, read.consent],
        [alias, owner, instance, allInterfaces, consent],
      );
      assert.ok(read.group === undefined || (read.group === tag.group && read.groupOffset === tag.groupOffset));
      assert.ok(tag.description.startsWith(read.description));
    }),
    { numRuns: 1_000 },
  );
});

test('any text is a tag or none', () => {
  const tagLike = fc.array(fc.constantFrom('|', 'a', '1', 'zz', '*', '.s', '%7c', '%', '~', 'zzzzzzzzzzz', '0'), {
    maxLength: 14,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        tagLike.map((words) => words.join('')),
      ),
      (given) => {
        const read = readTag(given, owners);
        if (!read) return;
        assert.ok(Number.isSafeInteger(read.instance) && read.instance >= 1);
        assert.ok(read.alias !== '' && read.owner !== '');
        const written = writeTag(read);
        if (written !== undefined) assert.equal(readTag(written, owners)?.alias, read.alias);
      },
    ),
    { numRuns: 3_000 },
  );
});
