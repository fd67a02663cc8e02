import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QuirkEntry, quirksOf, quirkTable } from './quirks.ts';

const nothing = { server: '', manufacturer: '', modelName: '', modelNumber: '' };

test('what is known of devices by what they say of themselves', () => {
  const known = (server: string) => Object.keys(quirksOf({ ...nothing, server })).sort();
  const hides = ['conflictsWithItself', 'hidesRemoteHost'];
  assert.deepEqual(known('Debian/12 UPnP/1.1 MiniUPnPd/2.3.1'), [...hides, 'mixesUpPinholes']);
  assert.deepEqual(known('x UPnP/1.1 MiniUPnPd/2.2.3'), [...hides, 'mixesUpPinholes']);
  assert.deepEqual(known('x UPnP/1.1 MiniUPnPd/2.3.5'), [...hides, 'mixesUpPinholes']);
  for (const version of ['2.3.6', '2.3.10', '2.3.11'])
    assert.deepEqual(known(`x MiniUPnPd/${version}`), hides, version);
  assert.deepEqual(known('RouterOS/7.16UPnP/1.0 MikroTik UPnP/1.0'), ['keepsNoLease']);
  assert.deepEqual(known('TP-Link SMB ER605, UPnP/1.0'), []);
  assert.deepEqual(quirksOf(nothing), {});
});

test('an entry fits where all that it names fits, and entries add up', () => {
  const table: readonly QuirkEntry[] = [
    { of: { manufacturer: /^Acme$/, modelName: /^R1/ }, quirks: { keepsNoLease: true }, seen: '' },
    { of: { modelNumber: /^2$/ }, quirks: { hidesRemoteHost: true }, seen: '' },
  ];
  const device = { ...nothing, manufacturer: 'Acme', modelName: 'R10', modelNumber: '2' };
  assert.deepEqual(quirksOf(device, table), { keepsNoLease: true, hidesRemoteHost: true });
  assert.deepEqual(quirksOf({ ...device, manufacturer: 'Acme Inc' }, table), { hidesRemoteHost: true });
});

test('no entry is for everybody, and each says where it was seen', () => {
  for (const { of, quirks, seen } of quirkTable) {
    assert.ok(Object.keys(of).length > 0 && Object.keys(quirks).length > 0);
    assert.ok(seen.length > 20);
    assert.ok(Object.values(of).some((pattern) => !pattern.test('')));
  }
});
