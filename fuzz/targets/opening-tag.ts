import { readTag, tagRoom, writeTag } from '../../apps/gateway/openings/tag.ts';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

const owners = ['self::configuration-1', 'self::configuration-with-a-very-long-name-that-is-hashed'];

/** Tags of openings, read back from a kernel table that other programs can write: `readTag`. */
export const openingTag: Target = {
  name: 'opening-tag',
  mostBytes: 512,
  seeds: bytesOf(
    'a1|self::configuration-1|1|g11|Film %7c 100%25',
    'a1|self::configuration-1|zz*||',
    `${'a'.repeat(60)}|~47DEQpj8HBSa|2||${'d'.repeat(40)}`,
    'a1|self::configuration-1|1*.st4x2p1|g10|signed',
  ),
  words: ['|', '||', '%7c', '%25', '~', '*', 'zzzzzzzzzzz', '%00', '%ff', '.s', '.f1', '.o'],
  mutators: [tokens],
  feed(input) {
    const text = textOf(input);
    const tag = readTag(text, owners);
    if (!tag) return refused();
    const written = writeTag(tag);
    if (written === undefined) return taken('no room');
    promise(Buffer.byteLength(written) <= tagRoom, 'a tag fits its room');
    const again = readTag(written, owners);
    promise(again !== undefined, 'a tag that was read can be written and read again');
    promise(again.alias === tag.alias && again.instance === tag.instance, 'a row is the same after a restart');
    promise(writeTag(again) === written, 'a tag stays the same when written and read');
    return taken(`${tag.allInterfaces} ${tag.group !== undefined} ${written === text}`);
  },
};
