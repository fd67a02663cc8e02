import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '@sluice/model';
import { contentPage, contentsPage, refusalPage } from './page.ts';
import { film } from './test/fake-parts.ts';

test('each content is one relative link with its poster, and text is escaped', () => {
  const page = contentsPage([film, { ...film, contentId: 'radio:1', kind: 'radio', title: 'Waves' }]);
  assert.deepEqual(
    [...page.matchAll(/href="(play\/[^"]*)"/g)].map((match) => match[1]),
    ['play/film', 'play/radio%3A1'],
  );
  assert.deepEqual(
    [...page.matchAll(/src="([^"]*)"/g)].map((match) => match[1]),
    ['posters/film', 'posters/radio%3A1'],
  );
  assert.ok(page.includes('The &lt;Lock&gt; Keeper') && page.includes('up &amp; down'));
  assert.ok(!page.includes('<Lock>') && !page.includes('<script'));
});

test('no content is said, not shown as an empty page', () => {
  assert.ok(contentsPage([]).includes('Nothing is on right now'));
});

test('the page of a content tells how an appliance plays it', () => {
  assert.ok(
    contentPage(film, 'https://portal.test').includes('sluice appliance play film --portal https://portal.test'),
  );
});

test('a refusal shows its code and its sentence', () => {
  const page = refusalPage(refuse('content-unknown', 'there is no <b>'), '../');
  assert.ok(page.includes('content-unknown') && page.includes('there is no &lt;b&gt;'));
});
