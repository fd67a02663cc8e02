import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceBook } from './index.ts';

test('what one data model has shown is not believed of another', () => {
  const book = new DeviceBook();
  const contact = (root: string) => ({
    deviceId: { manufacturer: '', oui: '00D09E', productClass: 'Home', serialNumber: '1' },
    root,
    parameters: new Map([[`${root}DeviceInfo.SoftwareVersion`, '1']]),
    address: undefined,
  });
  const one = book.meet('one', contact('Device.')).model;
  const two = book.meet('two', contact('InternetGatewayDevice.')).model;
  assert.notEqual(one, two);
  assert.equal(book.meet('three', contact('Device.')).model, one);
});
