import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import { rememberedPosters } from './posters.ts';
import { FakeMediaServer, film } from './test/fake-parts.ts';

const here = new AbortController().signal;

test('a poster is fetched once in a while, and a failure is not remembered', async () => {
  const clock = new VirtualClock();
  const server = new FakeMediaServer([]);
  const asked: string[] = [];
  const fetchPoster = server.poster.bind(server);
  let isAway = true;
  server.poster = async () => {
    asked.push('poster');
    if (isAway) return { kind: 'refused', refusal: refuse('part-unreachable', 'away') };
    return fetchPoster();
  };
  const posters = rememberedPosters(clock);
  const look = () => posters.of({ content: film, server }, here);
  assert.equal((await look()).kind, 'refused');
  isAway = false;
  for (let count = 0; count < 3; count++) assert.equal((await look()).kind, 'granted');
  assert.equal(asked.length, 2);
  await clock.pass(700_000);
  await look();
  assert.equal(asked.length, 3);
});
