import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Content } from '@sluice/api';
import { FileKeeper } from './shown-file.ts';

const keeper = (kind: Content['kind'], name: string) => new FileKeeper({ kind, file: { name, bytes: 3, sha256: '' } });

test('pictures and texts are kept until they are whole, and shown as what they are', () => {
  const cases: readonly [Content['kind'], string, string | undefined][] = [
    ['picture', 'garden.PNG', 'image/png'],
    ['picture', 'garden.jpeg', 'image/jpeg'],
    ['text', 'letter.md', 'text/plain; charset=utf-8'],
    // It could run something here.
    ['picture', 'garden.svg', undefined],
    ['text', 'page.html', 'text/plain; charset=utf-8'],
    ['picture', 'garden', undefined],
    ['download', 'letter.txt', undefined],
  ];
  for (const [kind, name, contentType] of cases) {
    const kept = keeper(kind, name);
    kept.push(Buffer.from('ab'));
    kept.push(Buffer.from('c'));
    assert.equal(kept.whole, undefined, name);
    assert.equal(kept.end(), contentType !== undefined, name);
    assert.deepEqual(kept.whole, contentType && { contentType, bytes: Buffer.from('abc') }, name);
  }
});

test('what is too large is not kept', () => {
  const kept = keeper('text', 'log.txt');
  const piece = Buffer.alloc(1024 * 1024);
  for (let count = 0; count < 33; count++) kept.push(piece);
  assert.equal(kept.end(), false);
  assert.equal(kept.whole, undefined);
});
