import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { noNetworks } from '../home/networks.ts';
import { explainPolicy } from './explain.ts';
import { firstMasqueradePort, policySchema } from './policy.ts';
import { judgeLease, judgeLocalPort, judgeRemote, judgeTarget } from './verdicts.ts';

const sound = {
  controllers: [{ endpointId: 'self::configuration-1', right: 'open' }],
  portals: ['203.0.113.20'],
  localPrefixes: ['192.168.1.0/24'],
  localPorts: { allow: [554], deny: [3389] },
  remotePrefixes: ['203.0.113.0/24'],
  globalPorts: { first: 20_000, last: 30_000 },
  openings: 100,
  longestLeaseSeconds: 60,
};

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    0,
    -1,
    0.5,
    65_535,
    65_536,
    1e308,
    '',
    '0.0.0.0/0',
    '::/0',
    '127.0.0.1',
    '1.2.3.4/33',
    [],
    {},
  ),
  fc.constantFrom<unknown>({ first: 1, last: 2 }, { first: 2_000, last: 65_535 }, { first: 3_000, last: 2_000 }),
);
const policies = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(sound), 'anyRemote', 'staticLeases', '__proto__', 'extra'), value), {
    maxLength: 4,
  })
  .map((members) => ({ ...sound, ...Object.fromEntries(members) }));

test('any JSON is a policy or refused with words; a policy can be told, and never opens what none may', () => {
  fc.assert(
    fc.property(fc.oneof(policies, fc.jsonValue()), (json) => {
      const read = policySchema.safeParse(json);
      if (!read.success) {
        assert.ok(read.error.issues.length > 0);
        return;
      }
      const policy = read.data;
      assert.ok(explainPolicy(policy, ['lan0']).every((line) => line.endsWith('.') && !line.includes('undefined')));
      const { first, last } = policy.globalPorts;
      assert.ok(first >= 1024 && first < last && last < firstMasqueradePort);
      for (const address of ['127.0.0.1', '::1', '224.0.0.1', 'fe80::1', '0.0.0.0'])
        assert.ok(judgeTarget(policy, noNetworks, address), address);
      for (const port of [22, 443, 1023])
        if (!policy.localPorts.allow.includes(port)) assert.ok(judgeLocalPort(policy, port), `${port}`);
      if (!policy.anyRemote) assert.ok(judgeRemote(policy, noNetworks, undefined));
      if (!policy.staticLeases) assert.ok(judgeLease(policy, 0));
    }),
    { numRuns: 1_000 },
  );
});

test('a member that is not known is refused: a word misspelt must not leave a home open', () => {
  assert.ok(policySchema.safeParse(sound).success);
  for (const extra of ['remotePrefix', 'Portals', 'constructor'])
    assert.ok(!policySchema.safeParse({ ...sound, [extra]: [] }).success, extra);
});
