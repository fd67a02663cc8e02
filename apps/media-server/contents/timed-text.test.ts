import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countingSubtitles, timedTextOf } from './timed-text.ts';

test('subtitles that count are sent a second before they are shown', () => {
  const text = timedTextOf(countingSubtitles('Film', 5));
  assert.deepEqual(text, [
    { dueMs: 0, text: 'WEBVTT - Film\n\n' },
    { dueMs: 0, text: '1\n00:00:00.000 --> 00:00:02.000\nFilm, second 0\n\n' },
    { dueMs: 1000, text: '2\n00:00:02.000 --> 00:00:04.000\nFilm, second 2\n\n' },
    { dueMs: 3000, text: '3\n00:00:04.000 --> 00:00:05.000\nFilm, second 4\n\n' },
  ]);
});

test('hours, short times, notes and other line ends are understood', () => {
  const vtt =
    '\uFEFFWEBVTT\r\n\r\nNOTE hello\r\n\r\n00:10.500 --> 00:11.000 line:0\r\na\r\nb\r\n\r\n\r\n01:00:00.000 --> 01:00:01.000\r\nc';
  assert.deepEqual(
    timedTextOf(vtt)?.map(({ dueMs }) => dueMs),
    [0, 0, 9500, 3_599_000],
  );
});

test('cues out of order are never due before the one before them', () => {
  const due = timedTextOf('WEBVTT\n\n00:10.000 --> 00:11.000\na\n\n00:05.000 --> 00:06.000\nb\n')?.map(
    ({ dueMs }) => dueMs,
  );
  assert.deepEqual(due, [0, 9000, 9000]);
});

test('what is not WebVTT is undefined', () => {
  for (const text of [
    '',
    '1\n00:00:01,000 --> 00:00:02,000\nsubrip',
    'WEBVTTX\n\n',
    `WEBVTT\n\n${'a\n\n'.repeat(20_001)}`,
  ]) {
    assert.equal(timedTextOf(text), undefined);
  }
});

test('nothing of the text is lost but empty lines', () => {
  const line = fc.stringMatching(/^[a-z0-9:.>\- ]{1,20}$/).filter((text) => text.trim() !== '');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const vtt = `WEBVTT\n\n${lines.join('\n\n')}`;
      const sent = timedTextOf(vtt)
        ?.map(({ text }) => text)
        .join('');
      assert.equal(sent?.replaceAll(/\s+/g, ' ').trim(), vtt.replaceAll(/\s+/g, ' ').trim());
    }),
  );
});
