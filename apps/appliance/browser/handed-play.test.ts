import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { realSurroundings } from '../connect.ts';
import { loopback } from '../test/loopback.ts';
import { handPlay } from './handed-play.ts';

test('a player that ends, that cannot be started, and a content that none can play', async (t) => {
  const { portal, sessions } = await loopback(t, { filmSeconds: 60 });
  const played = async (player: readonly string[], contentId = 'film') => {
    const ports = { portal, player, around: realSurroundings, log: silentLog };
    const play = handPlay(ports, 'https://films.example', contentId);
    const said: { event: string; data: Record<string, unknown> }[] = [];
    play.news.read(({ event, data }) => said.push({ event, data: { ...data } }));
    await play.over;
    assert.ok([...sessions.values()].every(({ state }) => state === 'closed'));
    return said.filter(({ event }) => event !== 'step' && event !== 'content');
  };

  const ended = await played(['sleep', '1']);
  assert.deepEqual(
    ended.map(({ event, data }) => [event, data.ending ?? data.state]),
    [
      ['opened', undefined],
      ['ended', 'player-ended'],
      ['left', 'closed'],
    ],
  );
  const missing = await played(['/no/such/player', '{sdp}']);
  assert.equal(missing[0]?.event, 'failed');
  assert.match(String(missing[0]?.data.message), /cannot be started/);
  const download = await played(['true', '{sdp}'], 'download');
  assert.deepEqual([download[0]?.event, download[0]?.data.code], ['failed', 'content-unknown']);
  const unknown = await played(['true', '{sdp}'], 'nothing');
  assert.deepEqual([unknown[0]?.event, unknown[0]?.data.code], ['failed', 'content-unknown']);
});
