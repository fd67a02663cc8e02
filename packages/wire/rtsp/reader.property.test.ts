import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildRtspMessage, type RtspItem, RtspMalformed, RtspReader } from './index.ts';

/** Octets that RTSP is made of, in any order. */
const octets = fc
  .array(
    fc.constantFrom(
      ...[
        'OPTIONS * RTSP/1.0',
        'RTSP/1.0 200 OK',
        '\r\n',
        '\r\n',
        '\n',
        '\r',
        '\0',
        ' ',
        '\t',
        ':',
        ',',
        'é',
        '\ufeff',
        '\u00a0',
      ],
      ...['\u2028', 'CSeq: 1', 'X:', 'Content-Length: 3', 'abc', '$\u0001\0\u0002ab'],
    ),
    { maxLength: 14 },
  )
  .map((words) => Buffer.from(words.join('')));

function read(parts: readonly Uint8Array[]): { items: RtspItem[]; malformed: boolean } {
  const reader = new RtspReader();
  const items: RtspItem[] = [];
  try {
    for (const part of parts) items.push(...reader.push(part));
    return { items, malformed: false };
  } catch (error) {
    assert.ok(error instanceof RtspMalformed, `${error}`);
    return { items, malformed: true };
  }
}

test('what was read can be written, and reads as the same', () => {
  fc.assert(
    fc.property(octets, (bytes) => {
      for (const item of read([Buffer.concat([bytes, Buffer.from('\r\n\r\n')])]).items) {
        if (item.kind === 'frame') continue;
        const written = buildRtspMessage(item);
        const again = read([written]).items;
        assert.equal(again.length, 1);
        assert.ok(again[0]?.kind === item.kind);
        assert.deepEqual(buildRtspMessage(again[0]), written);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('octets one by one mean what they mean together', () => {
  fc.assert(
    fc.property(octets, (bytes) => {
      const [whole, single] = [read([bytes]), read([...bytes].map((octet) => Uint8Array.of(octet)))];
      // What precedes the fault in the same octets is lost with it.
      if (!whole.malformed) assert.deepEqual(single.items.map(bare), whole.items.map(bare));
      assert.equal(single.malformed, whole.malformed);
    }),
    { numRuns: 1_000 },
  );
});

const bare = (item: RtspItem) =>
  item.kind === 'frame'
    ? { ...item, payload: [...item.payload] }
    : { ...item, headers: [...item.headers], body: [...item.body] };

test('texts are UTF-8, and only blanks are trimmed from them', () => {
  const [item] = read([Buffer.from('RTSP/1.0 200 \u2028\r\nX:\t\u00a0é\ufeff \r\n\r\n')]).items;
  assert.ok(item?.kind === 'response');
  assert.deepEqual([item.reason, item.headers.get('x')], ['\u2028', '\u00a0é\ufeff']);
});

test('a CR or NUL inside a line is refused: it would end a line for others', () => {
  for (const text of ['OPTIONS * RTSP/1.0\r\nX: a\rY: b\r\n\r\n', 'OPTIONS * RTSP/1.0\r\nX: a\0\r\n\r\n'])
    assert.ok(read([Buffer.from(text)]).malformed);
});
