import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSettings, defaultSettings } from './settings.ts';

test('settings that break a promise are refused', () => {
  assert.deepEqual(completeSettings(), defaultSettings);
  assert.equal(completeSettings({ leaseMs: 5_000 }).leaseMs, 5_000);
  for (const wrong of [
    { provisionalLeaseMs: 10_001 },
    { exchangeMs: 0 },
    { leaseMs: Number.NaN },
    { openingsPerGateway: -1 },
    { globalPorts: [20_000, 20_000] as const },
    { globalPorts: [1, 65_536] as const },
  ])
    assert.throws(() => completeSettings(wrong), RangeError, JSON.stringify(wrong));
});
