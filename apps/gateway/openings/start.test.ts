import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KernelOpening } from '@sluice/kernel';
import type { StartNotice } from '@sluice/model';
import { done, gatewayInMemory, mapping, mine, read, refused, set } from '../test/gateway-in-memory.ts';

const id = 'abcdefghijklmnopqrstuvwxyz';
const start = `203.0.113.10 8446 ${id}`;
const rtp = (parameters: Record<string, string> = {}) => mapping({ X_SLUICE_Start: start, ...parameters });

function gateway(policy: object = { mediaStarts: 'permitted' }) {
  const told: { start: StartNotice; opened: readonly KernelOpening[]; held: number }[] = [];
  const whole = gatewayInMemory({
    policy,
    startMedia: (start, opened) => told.push({ start, opened, held: whole.dataPlane.read().length }),
  });
  return { ...whole, told };
}

test('the media server is told once the kernel holds every row of the message, and once only', () => {
  const { model, told } = gateway();
  const [object = ''] = done(
    model.apply([rtp({ Alias: 'a' }), rtp({ Alias: 'b', InternalPort: '5002', X_SLUICE_RemotePort: '7002' })], mine),
  );
  assert.equal(told.length, 1);
  const [{ start: notice, opened, held } = assert.fail()] = told;
  assert.deepEqual(notice, { mediaServer: { address: '203.0.113.10', port: 8446 }, startId: id });
  assert.equal(held, 2);
  assert.deepEqual(
    opened.map(({ remote }) => remote.port),
    [7000, 7002],
  );
  assert.ok(opened.every(({ global }) => global.address === '203.0.113.1' && global.port > 0));
  // Its name is told to nobody, and a renewal says nothing.
  assert.equal(read(model, object).X_SLUICE_Start, '');
  done(model.apply([set(object, { LeaseDuration: '90' })], mine));
  // Neither does who writes it where it is open already.
  done(model.apply([set(object, { X_SLUICE_Start: start })], mine));
  assert.equal(told.length, 1);
});

test('where one row is refused nothing is open, and nobody is told', () => {
  const { model, told, dataPlane } = gateway();
  refused(model.apply([rtp({ Alias: 'a' }), rtp({ Alias: 'b', InternalPort: '3389' })], mine));
  assert.deepEqual([told, dataPlane.read()], [[], []]);
});

test('a household that does not permit it has nothing told, and nothing opened for it', () => {
  const { model, told, dataPlane } = gateway({});
  assert.match(refused(model.apply([rtp()], mine)).message, /mediaStarts/);
  assert.deepEqual([told, dataPlane.read()], [[], []]);
});

test('only where the streams come from is told', () => {
  const { model, told } = gateway();
  const elsewhere = rtp({ X_SLUICE_Start: `203.0.113.66 8446 ${id}` });
  assert.match(refused(model.apply([elsewhere], mine)).message, /not where the stream comes from/);
  for (const text of ['203.0.113.10', `203.0.113.10 0 ${id}`, '203.0.113.10 8446 short', `${start} more`])
    refused(model.apply([rtp({ X_SLUICE_Start: text })], mine));
  assert.deepEqual(told, []);
});
