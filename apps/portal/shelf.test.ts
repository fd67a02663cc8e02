import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import { contentShelf } from './shelf.ts';
import { FakeMediaServer, film } from './test/fake-parts.ts';

const lifetime = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a known content costs no exchange; what is stale is asked for meanwhile', async () => {
  const clock = new VirtualClock();
  const server = new FakeMediaServer([]);
  const shelf = contentShelf([server], clock, 5_000, lifetime);
  await Promise.all([shelf.find('film', 4), shelf.find('film', 4), shelf.all(4)]);
  assert.equal(server.asked, 1, 'those who wait together ask once');
  await clock.pass(6_000);
  server.shown = [{ ...film, title: 'Renamed' }];
  const stale = await shelf.find('film', 4);
  assert.equal(stale.kind === 'granted' && stale.value.content.title, film.title);
  await turn();
  const fresh = await shelf.find('film', 4);
  assert.equal(fresh.kind === 'granted' && fresh.value.content.title, 'Renamed');
  assert.equal(server.asked, 2);
});

test('an unknown content is asked for, and found once a server has it', async () => {
  const server = new FakeMediaServer([]);
  const shelf = contentShelf([server], new VirtualClock(), 5_000, lifetime);
  const missing = await shelf.find('new', 4);
  assert.equal(missing.kind === 'refused' && missing.refusal.code, 'content-unknown');
  server.shown = [{ ...film, contentId: 'new' }];
  assert.equal((await shelf.find('new', 4)).kind, 'granted');
});

test('one server away leaves the others; all away is a refusal', async () => {
  const near = new FakeMediaServer([]);
  const far = new FakeMediaServer([]);
  far.away = refuse('part-unreachable', 'the media server cannot be reached; try later');
  const shelf = contentShelf([far, near], new VirtualClock(), 0, lifetime);
  const some = await shelf.all(4);
  assert.equal(some.kind === 'granted' && some.value.length, 1);
  near.away = far.away;
  const none = await shelf.all(4);
  assert.equal(none.kind === 'refused' && none.refusal.code, 'part-unreachable');
});
