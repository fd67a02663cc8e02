import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrefix } from '@sluice/model';
import type { Networks } from '../home/networks.ts';
import { explainPolicy } from './explain.ts';
import { defaultPolicy, type Policy, policySchema } from './policy.ts';
import {
  judgeController,
  judgeCount,
  judgeLease,
  judgeLocalPort,
  judgeOwnCount,
  judgePortal,
  judgeRemote,
  judgeTarget,
  type Verdict,
} from './verdicts.ts';

const networks: Networks = {
  interfaces: [],
  local: ['192.168.1.0/24', '2001:db8:100::/64', '10.9.0.0/31'].map((text) => {
    const prefix = parsePrefix(text);
    assert.ok(prefix);
    return prefix;
  }),
  own: new Set(['192.168.1.1', '2001:db8:100::1', '203.0.113.1', '127.0.0.1', '::1']),
};

const codeOf = (verdict: Verdict) => verdict?.code ?? 'agreed';

test('an opening points at one device of the home', () => {
  const cases: [string, string][] = [
    ['192.168.1.2', 'agreed'],
    ['2001:db8:100::2', 'agreed'],
    ['10.9.0.0', 'agreed'],
    ['192.168.1.1', 'target-is-gateway'],
    ['203.0.113.1', 'target-is-gateway'],
    ['2001:db8:100::1', 'target-is-gateway'],
    ['127.0.0.1', 'address-not-unicast'],
    ['0.0.0.0', 'address-not-unicast'],
    ['224.0.0.251', 'address-not-unicast'],
    ['255.255.255.255', 'address-not-unicast'],
    ['192.168.1.255', 'address-not-unicast'],
    ['192.168.1.0', 'address-not-unicast'],
    ['ff02::1', 'address-not-unicast'],
    ['fe80::1', 'address-not-unicast'],
    ['2001:db8:100::', 'address-not-unicast'],
    ['192.168.2.2', 'local-address-outside-home'],
    ['203.0.113.10', 'local-address-outside-home'],
    ['2001:db8:101::2', 'local-address-outside-home'],
  ];
  for (const [address, code] of cases)
    assert.equal(codeOf(judgeTarget(defaultPolicy, networks, address)), code, address);
  const narrow = policySchema.parse({ localPrefixes: ['192.168.1.64/26'] });
  assert.equal(codeOf(judgeTarget(narrow, networks, '192.168.1.65')), 'agreed');
  assert.equal(codeOf(judgeTarget(narrow, networks, '192.168.1.2')), 'local-address-outside-home');
});

test('low and denied local ports need to be named', () => {
  const named = policySchema.parse({ localPorts: { allow: [554, 3389], deny: [3389, 8080] } });
  const cases: [Policy, number, string][] = [
    [defaultPolicy, 5000, 'agreed'],
    [defaultPolicy, 1024, 'agreed'],
    [defaultPolicy, 1023, 'port-denied'],
    [defaultPolicy, 22, 'port-denied'],
    [defaultPolicy, 3389, 'port-denied'],
    [named, 554, 'agreed'],
    [named, 3389, 'agreed'],
    [named, 22, 'port-denied'],
    [named, 8080, 'port-denied'],
    [named, 5900, 'agreed'],
  ];
  for (const [policy, port, code] of cases) assert.equal(codeOf(judgeLocalPort(policy, port)), code, `${port}`);
});

test('streams come from one remote host outside the home', () => {
  const narrow = policySchema.parse({ remotePrefixes: ['203.0.113.0/28'] });
  const open = policySchema.parse({ anyRemote: true });
  const cases: [Policy, string | undefined, string][] = [
    [defaultPolicy, '203.0.113.10', 'agreed'],
    [defaultPolicy, undefined, 'remote-denied'],
    [open, undefined, 'agreed'],
    [defaultPolicy, '192.168.1.3', 'remote-denied'],
    [defaultPolicy, '239.1.1.1', 'address-not-unicast'],
    [narrow, '203.0.113.15', 'agreed'],
    [narrow, '203.0.113.16', 'remote-denied'],
    [narrow, '2001:db8:1::10', 'remote-denied'],
  ];
  for (const [policy, address, code] of cases)
    assert.equal(codeOf(judgeRemote(policy, networks, address)), code, `${address}`);
});

test('leases, numbers, portals and controllers have their limits', () => {
  const policy = policySchema.parse({
    controllers: [
      { endpointId: 'self::a', openings: 3 },
      { endpointId: 'self::b', right: 'read' },
    ],
    portals: ['203.0.113.20'],
    openings: 10,
    openingsPerDevice: 2,
    longestLeaseSeconds: 60,
  });
  const cases: [Verdict, string][] = [
    [judgeLease(policy, 60), 'agreed'],
    [judgeLease(policy, 61), 'lease-too-long'],
    [judgeLease(policy, 0), 'lease-too-long'],
    [judgeLease(policySchema.parse({ staticLeases: true }), 0), 'agreed'],
    [judgeCount(policy, '192.168.1.2', 2, 10), 'agreed'],
    [judgeCount(policy, '192.168.1.2', 3, 10), 'quota-exceeded'],
    [judgeCount(policy, '192.168.1.2', 1, 11), 'quota-exceeded'],
    [judgeOwnCount(policy, 'self::a', 3), 'agreed'],
    [judgeOwnCount(policy, 'self::a', 4), 'quota-exceeded'],
    [judgeOwnCount(policy, 'self::b', 4), 'agreed'],
    [judgePortal(policy, '203.0.113.20'), 'agreed'],
    [judgePortal(policy, '203.0.113.21'), 'path-mismatch'],
    [judgePortal(defaultPolicy, '203.0.113.21'), 'agreed'],
    [judgeController(policy, 'self::a'), 'agreed'],
    [judgeController(policy, 'self::b'), 'not-permitted'],
    [judgeController(policy, 'self::c'), 'not-permitted'],
    [judgeController(defaultPolicy, 'self::a'), 'not-permitted'],
  ];
  for (const [index, [verdict, code]] of cases.entries()) assert.equal(codeOf(verdict), code, `case ${index}`);
});

test('a policy file that says something impossible is not taken', () => {
  const wrong: unknown[] = [
    { globalPorts: { first: 16384, last: 40000 } },
    { globalPorts: { first: 80, last: 20000 } },
    { globalPorts: { first: 20000, last: 20000 } },
    { localPrefixes: ['192.168.1.0/33'] },
    { portals: ['203.0.113.0/24'] },
    { localPorts: { allow: [0] } },
    { longestLeaseSeconds: 0 },
    { controllers: [{ endpointId: 'self::a', right: 'everything' }] },
    { anyremote: true },
    { controllers: [{ endpointId: 'self::a', roles: ['nothing'] }] },
    { roles: [{ name: 'open', permissions: [] }] },
    { roles: [{ name: 'x', permissions: [{ targets: ['Device.NAT'], param: 'rwxn' }, { targets: ['NAT.'] }] }] },
    { roles: [{ name: 'x', permissions: [{ targets: ['Device.NAT.'], param: 'rw' }] }] },
  ];
  for (const policy of wrong) assert.ok(!policySchema.safeParse(policy).success, JSON.stringify(policy));
});

test('the policy is told in sentences', () => {
  const told = explainPolicy(
    policySchema.parse({
      controllers: [
        { endpointId: 'self::a', openings: 12 },
        { endpointId: 'self::b', right: 'read', roles: ['read', 'more'] },
      ],
      roles: [{ name: 'more', permissions: [{ targets: ['Device.Hosts.'], param: 'r---' }] }],
      remotePrefixes: ['203.0.113.0/24', '2001:db8:1::/64'],
      localPorts: { allow: [554], deny: [] },
    }),
    ['lan0', 'lan1'],
  );
  assert.deepEqual(told, [
    'These may open and close, each its own alone: self::a.',
    'These may read only: self::b.',
    'self::a holds at most 12 openings.',
    'self::b sees and changes what its roles permit: read and more.',
    'Nothing opens to a device that has not asked; its signature counts where it gives one.',
    'A content request counts at whatever portal it reached.',
    'Openings point at devices in the networks of lan0 and lan1, never at the gateway itself, a multicast, broadcast or link-local address.',
    'Local ports below 1024 stay closed, except 554.',
    'Streams come from 203.0.113.0/24 and 2001:db8:1::/64 alone.',
    'No opening admits every remote address.',
    'Global ports are 16384 to 32767.',
    'There are at most 4096 openings, 256 of them to one device.',
    'What one request opens ends after 86400 s for good.',
    'An opening lasts at most 86400 s before it is renewed.',
  ]);
});
