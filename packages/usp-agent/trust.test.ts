import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SchemaNode } from './schema.ts';
import { fullAccess, type PermissionEntry, type Right, Rights, type RoleEntry } from './trust.ts';

const at = (path: string) => ({ path }) as SchemaNode;
const role = (...permissions: readonly PermissionEntry[]): RoleEntry => ({ name: 'r', permissions });
const mapping = at('Device.NAT.PortMapping.{i}.');

const lettersOf = (may: (right: Right) => boolean) => (['r', 'w', 'x', 'n'] as const).filter(may).join('');

test('a path stands for all below it, a table for its rows, and an element for itself', () => {
  const cases: [string, string][] = [
    ['Device.', 'r'],
    ['Device.NAT.', 'r'],
    ['Device.NAT.PortMapping.', 'r'],
    ['Device.NAT.PortMapping.{i}.', 'r'],
    ['Device.NAT.PortMapping.{i}.RemoteHost', 'r'],
    ['Device.NAT.PortMapping.RemoteHost', 'r'],
    ['Device.NAT.PortMapping.{i}.RemoteHostPort', ''],
    ['Device.NAT.PortMapping', ''],
    ['Device.NAT.Port', ''],
    ['Device.Firewall.', ''],
  ];
  for (const [target, letters] of cases) {
    const rights = new Rights([role({ targets: [target], param: 'r---' })]);
    assert.equal(
      lettersOf((right) => rights.parameter(mapping, 'RemoteHost', right)),
      letters,
      target,
    );
    assert.ok(!rights.object(mapping, 'r'), 'a right to parameters is none to objects');
  }
});

test('within a role the larger order counts, and takes away as well as it gives', () => {
  const permissions = [
    { targets: ['Device.'], param: 'rw-n' },
    { targets: ['Device.NAT.PortMapping.'], param: 'r---' },
    { targets: ['Device.NAT.PortMapping.{i}.RemoteHost'], param: '----' },
  ];
  const letters = (name: string, ...roles: readonly RoleEntry[]) => {
    const rights = new Rights(roles);
    return lettersOf((right) => rights.parameter(mapping, name, right));
  };
  assert.equal(letters('RemoteHost', role(...permissions)), '');
  assert.equal(letters('Protocol', role(...permissions)), 'r');
  const [all, ...others] = permissions;
  assert.ok(all);
  assert.equal(letters('RemoteHost', role({ ...all, order: 9 }, ...others)), 'rwn');
  assert.equal(
    letters('RemoteHost', role(...permissions), role({ targets: ['Device.'], param: '-w--' })),
    'w',
    'roles add up',
  );
});

test('no role, no right; full access is all that there is', () => {
  const none = new Rights([]);
  const all = new Rights([fullAccess]);
  for (const [rights, expected] of [
    [none, ['', '', '', '']],
    [all, ['rwn', 'rwn', 'rwn', 'rxn']],
  ] as const)
    assert.deepEqual(
      [
        lettersOf((right) => rights.parameter(mapping, 'Alias', right)),
        lettersOf((right) => rights.object(mapping, right)),
        lettersOf((right) => rights.instances(mapping, right)),
        lettersOf((right) => rights.member(mapping, 'Check()', right)),
      ],
      expected,
    );
});
