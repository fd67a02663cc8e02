import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Traits } from '@sluice/model';
import fc from 'fast-check';
import { filmRequest } from '../test/home.ts';
import { strongTraits } from '../test/simulated-gateway.ts';
import { type PlannedOpening, planOpenings } from './openings.ts';
import { agreementFor, assignPorts, freePortWishes, needsPorts, proposePorts } from './ports.ts';

const addresses = { global: ['203.0.113.1'], local: [{ address: '192.168.1.0', length: 24 }], own: [] };
const film = planOpenings({ sessionId: 's1', hop: 0 }, filmRequest('r1'), {
  addresses,
  traits: strongTraits,
}) as readonly PlannedOpening[];

const ports = (openings: readonly PlannedOpening[] | undefined) => openings?.map(({ globalPort }) => globalPort);

test('the way to agree is the wished one where it serves', () => {
  const cases: [Partial<Traits>, 'pick' | 'propose' | 'list-free', string | undefined][] = [
    [{}, 'pick', 'pick'],
    [{}, 'list-free', 'list-free'],
    [{ portAgreement: ['propose'] }, 'pick', 'propose'],
    [{ portGroups: false }, 'pick', 'propose'],
    [{ portGroups: false, portAgreement: ['pick'] }, 'pick', undefined],
  ];
  for (const [traits, wished, expected] of cases)
    assert.equal(agreementFor(wished, film, { ...strongTraits, ...traits }), expected);
  assert.equal(needsPorts(film), true);
  assert.equal(needsPorts(film.map((opening) => ({ ...opening, globalPort: 1 }))), false);
});

test('the local port is proposed where it is in range and free, a pair as a pair', () => {
  const free = () => false;
  assert.deepEqual(ports(proposePorts(film, [5000, 6000], free, true, () => 0)), [5000, 5001, 5002, 5003, 5004]);
  const taken = (_: string, port: number) => port === 5001;
  const [video = 0, videoRtcp, ...others] = ports(proposePorts(film, [5000, 6000], taken, true, () => 0)) ?? [];
  assert.ok(video > 5004 && video % 2 === 0, `${video}`);
  assert.deepEqual([videoRtcp, ...others], [video + 1, 5002, 5003, 5004]);
  assert.deepEqual(
    ports(proposePorts(film, [20_001, 20_010], free, false, () => 0)),
    [20_002, 20_003, 20_004, 20_005, 20_001],
  );
  assert.equal(
    proposePorts(film, [20_001, 20_004], free, true, () => 0),
    undefined,
    'one pair only',
  );
  const [chosen] = proposePorts(film, [5000, 6000], free, true, () => 0) ?? [];
  assert.equal(chosen && 'portGroup' in chosen, false, 'a named port says it all');
});

test('beyond its range a device has the same global port each time, another one has another', () => {
  const free = () => false;
  const lots = [0.1, 0.9];
  const range = [16_384, 32_767] as const;
  const [once, again] = lots.map((lot) => ports(proposePorts(film, range, free, true, () => lot)));
  assert.deepEqual(once, again);
  assert.notDeepEqual(ports(proposePorts(film, range, free, false, () => 0.1)), once, 'by lot where that was refused');
  const other = film.map((opening) => ({ ...opening, local: { ...opening.local, address: '192.168.1.3' } }));
  const others = ports(proposePorts(other, range, free, true, () => 0.1)) ?? [];
  assert.ok(others.every((port) => !once?.includes(port)));
  const taken = (_: string, port: number) => once?.includes(port) ?? false;
  const beside = ports(proposePorts(film, range, taken, true, () => 0.1)) ?? [];
  assert.ok(beside.length === 5 && beside.every((port) => !once?.includes(port)));
});

test('proposals keep to the range, to what is free, to pairs, and never give a port twice', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 65_000 }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.integer({ min: 0, max: 60 })),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (least, width, holes, draw) => {
        const taken = new Set(holes.map((hole) => least + hole));
        const chosen = proposePorts(
          film,
          [least, least + width],
          (_, port) => taken.has(port),
          false,
          () => draw,
        );
        if (!chosen) return;
        const [video, videoRtcp, audio, audioRtcp, subtitles] = ports(chosen) as number[] as [
          number,
          number,
          number,
          number,
          number,
        ];
        assert.equal(new Set([video, videoRtcp, audio, audioRtcp]).size, 4);
        assert.deepEqual([video % 2, videoRtcp, audio % 2, audioRtcp], [0, video + 1, 0, audio + 1]);
        for (const port of [video, videoRtcp, audio, audioRtcp, subtitles])
          assert.ok(port >= least && port <= least + width && !taken.has(port));
      },
    ),
  );
});

test('a list of free ports is asked for by transport and pairs, and used without giving a port twice', () => {
  const wishes = freePortWishes(film);
  assert.deepEqual(wishes, [
    { transport: 'tcp', count: 1, paired: false },
    { transport: 'udp', count: 4, paired: true },
  ]);
  const given = assignPorts(film, wishes, [[30_001], [20_000, 20_001, 20_004, 20_005]]);
  assert.deepEqual(ports(given), [20_000, 20_001, 20_004, 20_005, 30_001]);
  assert.equal(assignPorts(film, wishes, [[30_001], [20_000, 20_001]]), undefined);
  assert.equal(assignPorts(film, wishes, [[], [20_000, 20_001, 20_004, 20_005]]), undefined);

  const mixed = film.map((opening) => (opening.id === 's1-4' ? { ...opening, streamType: 'udp' as const } : opening));
  const both = freePortWishes(mixed);
  assert.deepEqual(both, [
    { transport: 'udp', count: 4, paired: true },
    { transport: 'udp', count: 5, paired: false },
  ]);
  const overlapping = assignPorts(mixed, both, [
    [20_000, 20_001, 20_002, 20_003],
    [20_000, 20_001, 20_002, 20_003, 20_004],
  ]);
  assert.deepEqual(ports(overlapping), [20_000, 20_001, 20_002, 20_003, 20_004]);
});
