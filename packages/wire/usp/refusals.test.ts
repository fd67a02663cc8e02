import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalCodes } from '@sluice/model';
import { errorOfRefusal, refusalErrors, refusalOfError, vendorErrorRange } from './index.ts';

test('every refusal of the table is one of the model, and goes both ways', () => {
  for (const [code, name] of refusalErrors) {
    assert.ok((refusalCodes as readonly string[]).includes(name), name);
    assert.equal(errorOfRefusal(name), code);
    assert.equal(refusalOfError(code), name);
    assert.ok(code === 7025 || (code >= vendorErrorRange[0] && code <= vendorErrorRange[1]));
  }
  assert.equal(new Set(refusalErrors.map(([code]) => code)).size, refusalErrors.length);
  assert.equal(refusalOfError(7004), undefined);
  assert.equal(errorOfRefusal('gateway-silent'), undefined);
});
