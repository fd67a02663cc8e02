import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Traits } from '@sluice/model';
import { filmRequest, openHome, patient } from '../test/home.ts';
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

test('every opening carries whom its gateway tells; what is put back later does not', async () => {
  await using home = await openHome({}, telling);
  const { control, gateway, until } = home;
  const verdict = await until(control.open(filmRequest('r1', { start }), patient));
  assert.equal(verdict.kind, 'granted');
  assert.deepEqual(
    gateway.applied[0]?.open.map((opening) => opening.start),
    Array(5).fill(start),
  );
  assert.ok(verdict.session?.openings.every((opening) => !('start' in opening)));
});
