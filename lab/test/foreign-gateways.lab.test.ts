import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayRows } from '../gateway-rows.ts';
import { view } from '../once/viewer.ts';
import { deployedHome } from './deployed-home.ts';
import { filmArrives } from './foreign-film.ts';
import { inHomeRows } from './foreign-rows.ts';

const limit = { timeout: 120_000 };
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };

for (const [name, row] of inHomeRows) filmArrives(name, row);

test(
  'a gateway that lets anyone in is refused where the policy does not name that, and nothing stays',
  limit,
  async (t) => {
    const row = gatewayRows.find(({ type }) => type === 'pcp');
    assert.ok(row);
    const { weaker: _, ...strict } = row;
    await using home = await deployedHome('strict', {}, t.signal, strict);
    await using viewing = await view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, t.signal);
    const result = await viewing.result;
    assert.equal(result.verdict, 'fail');
    assert.match(result.reasons.join(), /anyone may send to the open ports.*\(remoteAddress\)/);
    assert.equal(await home.foreign('gateway-1')?.openings(t.signal), 0);
  },
);
