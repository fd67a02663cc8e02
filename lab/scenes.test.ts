import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { scenes } from './scenes.ts';
import { familiesOf } from './topologies/scene.ts';
import { addressesOf, hostOf, hostsRunning, pathOf, wayOut } from './topology.ts';

function start(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(import.meta.dirname, 'start.ts'), ...args], {
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
}

test('--list names every topology with one sentence', () => {
  const { stdout, status } = start('--list');
  assert.equal(status, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(/\s+/)[0]),
    scenes.map(({ name }) => name),
  );
  for (const line of lines) assert.match(line, /^[a-z0-9-]+ {2,}[A-Z][^.]+\.$/);
});

test('what cannot be is refused in a sentence that says what can', () => {
  const cases: [string[], RegExp][] = [
    [['--once', '--topology', 'castle'], /^--topology is one of home, .*; --list tells what each is\.\n$/],
    [['--topology', 'carrier-nat'], /--topology go with --once/],
    [['--once', '--topology', 'carrier-nat', '--gateway', 'igd'], /^--gateway goes with --topology home/],
    [['--once', '--topology', 'two-homes', '--content', 'film'], /^--content: in two-homes there is a call/],
    [['--once', '--topology', 'ipv6-only', '--family', '4'], /^ipv6-only has no session over IPv4; .* over IPv6\.\n$/],
  ];
  for (const [args, expected] of cases) {
    const { stderr, status } = start(...args);
    assert.match(stderr, expected);
    assert.equal(status, 1);
  }
});

for (const scene of scenes)
  test(`${scene.name}: every host is there, has an address, and names that the kernel takes`, () => {
    const topology = scene.topology();
    assert.ok(familiesOf(scene).length > 0);
    for (const { members } of topology.networks)
      for (const member of members) {
        assert.ok(hostOf(topology, member.host));
        assert.ok(member.interface.length <= 15);
      }
    for (const { name } of topology.hosts) assert.ok(addressesOf(topology, name));
    for (const { name } of hostsRunning(topology, 'appliance')) assert.ok(pathOf(topology, name).length > 0, name);
  });

test('the way out crosses the boxes from the nearest on, and the path those of them that are ours to set up', () => {
  const carrier = scenes.find(({ name }) => name === 'carrier-nat')?.topology();
  assert.ok(carrier);
  assert.deepEqual(
    wayOut(carrier, 'tv-1').map(({ name }) => name),
    ['gateway-1', 'carrier'],
  );
  assert.deepEqual(
    pathOf(carrier, 'tv-1').map(({ name }) => name),
    ['gateway-1'],
  );
  assert.deepEqual(wayOut(carrier, 'media'), []);
});
