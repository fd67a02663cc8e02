import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Footing, footingBeside } from './footing.ts';
import { hookText, rehookText } from './hooks.ts';
import { readRuleset } from './listing.ts';
import { docker, firewalldReloading, ufw } from './listings.ts';
import { guestRuleset } from './ruleset.ts';

const footing = (text: string, wanted: 'auto' | 'guest' = 'auto', complaints = ''): Footing =>
  footingBeside(readRuleset(text, complaints), 'sluice', wanted);

const filter = (rules: string, head = 'priority filter; policy drop;', table = 'inet filter') =>
  `table ${table} {\n\tchain forward {\n\t\ttype filter hook forward ${head}\n\t\t${rules}\n\t}\n}\n`;

test('a ruleset is read: chains, where they stand, their rules with handles', () => {
  const { chains } = readRuleset(firewalldReloading);
  assert.deepEqual(
    chains.map(({ table, name, base, rules }) => [table, name, base?.hook, base?.priority, base?.policy, rules.length]),
    [
      ['firewalld', 'mangle_PREROUTING', 'prerouting', -140, 'accept', 1],
      ['firewalld', 'filter_FORWARD', 'forward', 10, 'accept', 5],
      ['firewalld', 'filter_FORWARD_ZONES', undefined, undefined, undefined, 1],
      ['firewalld_policy_drop', 'filter_forward', 'forward', 9, 'drop', 1],
    ],
  );
  assert.deepEqual(chains[1]?.rules[1], { text: 'ct status dnat accept', handle: 171 });
  const numbers = readRuleset(filter('accept', 'priority -42; policy accept;')).chains[0]?.base;
  assert.deepEqual(numbers, { type: 'filter', hook: 'forward', priority: -42, policy: 'accept' });
  assert.deepEqual(readRuleset('').chains, []);
});

test('where nothing else filters what is passed on, we are the owner', () => {
  const nat =
    'table ip nat {\n\tchain p {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\tmasquerade\n\t}\n}\n';
  const clamp = filter('tcp flags syn tcp option maxseg size set rt mtu', 'priority mangle; policy accept;');
  const mangle = filter('counter jump qos', 'priority mangle; policy accept;', 'ip mangle');
  const empty = filter('', 'priority filter; policy accept;', 'ip filter');
  const words = filter('counter accept comment "drop nothing"', 'priority filter; policy accept;');
  for (const text of ['', nat, clamp, mangle, empty, words, guestRuleset('sluice').text.replaceAll('  ', '\t')])
    assert.deepEqual(footing(text), { mode: 'owner' }, text);
});

test('a guest without a host hooks into nothing', () => {
  assert.deepEqual(footing('', 'guest'), { mode: 'guest', beside: [], hooks: [] });
});

test('known firewalls are known by name, and each chain that filters is hooked into', () => {
  const hook = (family: string, table: string, name: string) => ({ family, table, name });
  assert.deepEqual(footing(ufw), {
    mode: 'guest',
    beside: ['ufw'],
    hooks: [hook('ip', 'filter', 'FORWARD'), hook('ip6', 'filter', 'FORWARD')],
  });
  assert.deepEqual(footing(firewalldReloading), {
    mode: 'guest',
    beside: ['firewalld'],
    hooks: [hook('inet', 'firewalld', 'filter_FORWARD'), hook('inet', 'firewalld_policy_drop', 'filter_forward')],
  });
  // Where it finds that packets are passed on already, it accepts what nobody drops.
  for (const text of [docker, docker.replace('policy drop', 'policy accept')])
    assert.deepEqual(footing(text), { mode: 'guest', beside: ['Docker'], hooks: [hook('ip', 'filter', 'FORWARD')] });
  const both = ufw.replace('chain OUTPUT', 'chain DOCKER-USER');
  const beside = (text: string) => {
    const found = footing(text);
    return found.mode === 'guest' ? found.beside : found;
  };
  assert.deepEqual(beside(both), ['ufw', 'Docker']);
  assert.deepEqual(beside(both.replaceAll('ufw', 'x')), ['Docker', 'iptables']);
  assert.deepEqual(beside(filter('drop', 'priority filter; policy accept;', 'inet fw4')), ['fw4']);
  assert.deepEqual(beside(filter('counter accept')), ['the table inet filter']);
});

test('what is in the way is told, with what to do', () => {
  const offload = 'table inet fw4 {\n\tflowtable ft {\n\t\thook ingress priority filter\n\t}\n}\n';
  const owned = filter('', undefined, 'inet firewalld').replace('{\n', '{ # progname firewalld\n\tflags owner\n');
  const marks = filter('ct mark set 0x1', 'priority mangle; policy accept;', 'inet qos').replace('forward', 'pre');
  for (const [text, what, complaints] of [
    [filter('accept', 'priority filter - 1; policy drop;'), /inet filter forward filters before .* priority filter/],
    [filter('drop', 'priority raw; policy accept;'), /filters before/],
    [owned, /firewalld lets no rule .* NftablesTableOwner=no/],
    [owned.replaceAll('firewalld', 'x'), /inet x lets nobody else change it/],
    [ufw + offload, /inet fw4 hands flows past all rules .* switch flow offloading off/],
    [ufw + marks, /inet qos pre sets connection marks/],
    [filter('drop', undefined, 'inet a;b'), /"inet a;b forward" has a name/],
    [ufw, /a rule of iptables sets connection marks/, 'XT target CONNMARK not found\n'],
  ] as const) {
    const found = footing(text, 'auto', complaints);
    assert.ok(found.mode === 'refused', JSON.stringify(found));
    assert.match(found.because, what);
    assert.equal(footing(text, 'guest', complaints).mode, 'refused');
  }
  const legacy = footingBeside({ ...readRuleset(''), legacy: true }, 'sluice', 'auto');
  assert.ok(legacy.mode === 'refused' && /iptables-legacy .* iptables-nft/.test(legacy.because));
  assert.equal(footingBeside({ ...readRuleset(''), legacy: true }, 'sluice', 'guest').mode, 'guest');
});

test('a hook is put first where it is not, once, and stays where it is', () => {
  const seen = readRuleset(ufw);
  const found = footing(ufw);
  assert.ok(found.mode === 'guest');
  const { hooks } = found;
  const rule = 'meta mark & 0x80000000 == 0x80000000 counter accept comment "sluice: what its openings let pass"';
  const both = `insert rule ip filter FORWARD ${rule}\ninsert rule ip6 filter FORWARD ${rule}\n`;
  assert.equal(hookText(hooks, 'sluice'), both);
  assert.equal(rehookText(hooks, seen, 'sluice'), both);
  const put = (handle: number) => `\t\t${rule.replace('& 0x80000000 == ', '')} # handle ${handle}\n`;
  const hooked = ufw.replaceAll(/(hook forward .*\n)/g, `$1${put(99)}`);
  assert.equal(rehookText(hooks, readRuleset(hooked), 'sluice'), '');
  assert.deepEqual(footing(hooked), found, "our own rule is nobody else's filter");
  const buried = hooked
    .replace(put(99), '')
    .replace(/(\t\tcounter jump ufw-after-forward.*\n)/, `$1${put(98)}${put(97)}`);
  assert.equal(
    rehookText(hooks, readRuleset(buried), 'sluice'),
    `insert rule ip filter FORWARD ${rule}\ndelete rule ip filter FORWARD handle 98\ndelete rule ip filter FORWARD handle 97\n`,
  );
  const alone = filter(put(5).trim(), 'priority filter; policy accept;', 'ip filter');
  assert.deepEqual(footing(alone), { mode: 'owner' });
});

test('whatever a machine says of its rules comes to a footing, and to no words but names in what nft is told', () => {
  const pieces = fc.constantFrom(...`${ufw}${firewalldReloading}`.split(/(?<=\n)/), '\t}\n', '}\n', '"', '; ', 'a b\n');
  const changed = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(changed, fc.string(), (text, complaints) => {
      const seen = readRuleset(text, complaints);
      const found = footingBeside(seen, 'sluice', 'auto');
      if (found.mode !== 'guest') return;
      for (const line of rehookText(found.hooks, seen, 'sluice').trimEnd().split('\n'))
        assert.match(
          line,
          /^$|^insert rule (?:ip|ip6|inet) [\w./-]+ [\w./-]+ meta mark & 0x80000000 == 0x80000000 counter accept comment "[^"]*"$|^delete rule \S+ \S+ \S+ handle \d+$/,
        );
    }),
    { numRuns: 500 },
  );
});
