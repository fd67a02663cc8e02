import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GrantedOpening, type ProbeFindings, type PromiseName, promiseNames, type Traits } from '@sluice/model';
import { filmStreams } from '../test/home.ts';
import { strongTraits } from '../test/simulated-gateway.ts';
import { checkHolding, heldBy, heldLess, holdingOf } from './holding.ts';

const weakTraits: Traits = {
  ...strongTraits,
  sourceAddress: false,
  sourcePort: false,
  streamTypes: false,
  revokeStopsRunning: false,
  keepsNarrowingOverRestart: false,
  symmetricSource: false,
};
const opening: GrantedOpening = {
  id: 's1-0',
  streamType: 'rtp',
  remote: { address: '203.0.113.10', port: 7000 },
  local: { address: '192.168.1.2', port: 5000 },
  globalPort: 20_000,
  global: { address: '203.0.113.1', port: 20_000 },
  until: 10_000,
};
const quiet: ProbeFindings = { fromServer: 'seen', fromOtherPort: 'not-seen', fromElsewhere: 'not-seen' };

const meant = { now: 0, meantMs: 10_000, rareMs: undefined };

const missing = (held: Readonly<Record<PromiseName, boolean>>) => promiseNames.filter((name) => !held[name]);

test('each promise stands for one trait', () => {
  assert.deepEqual(missing(heldBy(strongTraits)), []);
  const { lease: _, ...leaseless } = weakTraits;
  assert.deepEqual(missing(heldBy(leaseless)), [...promiseNames]);
});

test('what a gateway says of an opening, and what packets show, takes a promise away', () => {
  const held = heldBy(strongTraits);
  const cases: [string, GrantedOpening, ProbeFindings | undefined, PromiseName[]][] = [
    ['nothing', opening, undefined, []],
    ['a filter that is not taken', { ...opening, lacks: ['remotePort'] }, undefined, ['remotePort']],
    ['quiet probes', opening, quiet, []],
    ['another port of the server', opening, { ...quiet, fromOtherPort: 'seen' }, ['remotePort']],
    ['another address', opening, { ...quiet, fromElsewhere: 'seen' }, ['remoteAddress', 'remotePort']],
    ['not tried', opening, { ...quiet, fromElsewhere: 'not-tried' }, []],
  ];
  for (const [title, granted, probes, expected] of cases)
    assert.deepEqual(missing(heldLess(held, [granted], probes)), expected, title);
});

test('only what the policy names may be weaker, and only what the request needs counts', () => {
  const held = heldBy(weakTraits);
  const film = { streams: filmStreams() };
  const all = promiseNames.filter((name) => name !== 'lease');
  assert.equal(checkHolding(film, held, all), undefined);
  for (const left of all) {
    const refusal = checkHolding(
      film,
      held,
      all.filter((name) => name !== left),
    );
    assert.equal(refusal?.code, 'cannot-hold', left);
    assert.match(refusal?.message ?? '', new RegExp(`\\(${left}\\)`));
  }
  const subtitles = { streams: filmStreams().slice(4) };
  assert.equal(checkHolding(subtitles, { ...heldBy(strongTraits), streamType: false }, []), undefined);
});

test('a holding is told in sentences: what is not kept, a lease made longer, what was not tried', () => {
  assert.deepEqual(holdingOf(heldBy(strongTraits), [opening], undefined, meant).notes, []);
  const weak = holdingOf(heldBy(weakTraits), [{ ...opening, until: 120_000 }], undefined, meant);
  assert.equal(weak.notes.length, 7);
  assert.match(weak.notes.at(-1) ?? '', /10 s one of 120 s/);
  const { notes, probes } = holdingOf(
    heldBy(strongTraits),
    [opening],
    { fromServer: 'not-tried', fromOtherPort: 'seen', fromElsewhere: 'not-tried' },
    meant,
  );
  assert.equal(notes.length, 3);
  assert.equal(probes?.fromServer, 'not-tried');
});
