import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrefix } from '@sluice/model';
import { checkRemotes } from './portal-remotes.ts';

const portal = {
  portalId: 'self::portal-1',
  remotes: ['203.0.113.10', '198.51.100.0/28', '2001:db8:1::/64'].flatMap((text) => parsePrefix(text) ?? []),
};
const asking = (...addresses: string[]) => ({
  portalId: 'self::portal-1',
  streams: addresses.map((address, n) => ({
    id: `s${n}`,
    streamType: 'udp' as const,
    remote: { address, port: 7000 },
    localPort: 5000,
  })),
});

test('a portal asks for streams of its own media servers alone', () => {
  const cases: [readonly string[], string | undefined][] = [
    [['203.0.113.10'], undefined],
    [['203.0.113.10', '198.51.100.15', '2001:db8:1::9'], undefined],
    [['203.0.113.11'], 's0'],
    [['203.0.113.10', '198.51.100.16'], 's1'],
    [['2001:db8:2::9'], 's0'],
  ];
  for (const [addresses, subject] of cases) {
    const refusal = checkRemotes(asking(...addresses), portal);
    assert.deepEqual([refusal?.code, refusal?.subject], subject ? ['not-permitted', subject] : [undefined, undefined]);
  }
});

test('one that is registered with none, or not at all, asks for none', () => {
  assert.equal(checkRemotes(asking('203.0.113.10'), { ...portal, remotes: [] })?.code, 'not-permitted');
  assert.match(checkRemotes(asking('203.0.113.10'), undefined)?.message ?? '', /self::portal-1 is not registered/);
});
