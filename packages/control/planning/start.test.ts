import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Traits } from '@sluice/model';
import { filmRequest } from '../test/home.ts';
import { strongTraits } from '../test/simulated-gateway.ts';
import { checkTraits } from './path-holding.ts';

const start = { mediaServer: { address: '203.0.113.10', port: 8446 }, startId: 'abcdefghijklmnop' };
const { startsMedia: _, ...silent }: Traits = strongTraits;
const telling: Traits = { ...silent, startsMedia: true };

test('only one gateway alone that can is asked to tell the media server', () => {
  const cases: readonly [string, readonly Traits[], string | undefined][] = [
    ['one that can', [telling], undefined],
    ['one that cannot', [silent], 'trait-missing'],
    ['two, of which neither knows of the other', [telling, telling], 'trait-missing'],
  ];
  for (const [title, hops, code] of cases) {
    assert.equal(checkTraits(filmRequest('r1', { start }), hops, [])?.code, code, title);
    assert.equal(checkTraits(filmRequest('r1'), hops, [])?.code, undefined, `${title}, and is not asked to`);
  }
});
