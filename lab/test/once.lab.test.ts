import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Family } from '@sluice/model';
import { holdOnce } from '../once/session.ts';
import type { Deployment } from '../parts.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 180_000 };
let home: Deployment;

before(async () => {
  home = await deployedHome('once', {}, AbortSignal.timeout(limit.timeout));
}, limit);
after(() => home[Symbol.asyncDispose]());

for (const family of [4, 6] satisfies Family[])
  test(`the film arrives over IPv${family}, nothing else does, and the home is closed again`, limit, async (t) => {
    const begun = performance.now();
    const stopwatch = () => performance.now() - begun;
    const report = await holdOnce(home, { contentId: 'film', family, stopwatch }, t.signal);
    assert.deepEqual(report.reasons, []);
    assert.equal(report.verdict, 'pass');
    // What the verdict rests on: five streams, both first speakers, every phase.
    assert.deepEqual(
      report.streams.map(({ id, kind }) => `${id} ${kind}`),
      ['video rtp', 'video-rtcp rtcp', 'audio rtp', 'audio-rtcp rtcp', 'subtitles tcp'],
    );
    assert.ok(report.streams.every((stream) => stream.family === family));
    for (const { id, kind, protection, clearBecause, unauthentic } of report.streams) {
      assert.equal(protection, kind === 'tcp' ? 'clear' : 'srtp', id);
      if (kind === 'tcp') assert.match(clearBecause ?? '', /TCP/);
      // The right packets of the probes pass the gateway, and no further: they were not made with the stream's key.
      else assert.ok(unauthentic > 0, id);
    }
    for (const firstSpeaker of ['server', 'appliance'])
      for (const phase of ['before', 'during', 'after']) {
        const tried = report.probes.filter((probe) => probe.firstSpeaker === firstSpeaker && probe.phase === phase);
        const names = new Set(tried.map((probe) => `${probe.probe}, ${probe.sender}`));
        for (const sender of ['media server', 'stranger'])
          for (const wrong of [
            'other source address',
            'other source port',
            'other global port',
            'other protocol',
            'non-RTP',
            "appliance's LAN address",
            'second appliance',
          ])
            assert.ok(names.has(`${wrong}, ${sender}`), `${wrong} from the ${sender}, ${phase}, ${firstSpeaker} first`);
        assert.ok(names.has('right packet, media server'));
      }
    for (const [first, then] of [
      ['request', 'acknowledged'],
      ['acknowledged', 'closed'],
    ]) {
      const at = (name: string | undefined) => report.steps.find(({ step }) => step === name)?.ms ?? Number.NaN;
      assert.ok(at(first) <= at(then), `${first} before ${then}`);
    }
  });
