import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fields, Sparing } from '@sluice/audit';
import {
  type Circumstances,
  done,
  gatewayInMemory,
  mapping,
  mine,
  pinhole,
  refused,
  set,
  theirs,
} from '../test/gateway-in-memory.ts';
import { accountedOpenings, endLines } from './opening-lines.ts';

/** A gateway whose openings are accounted for, and what was noted. */
function accountedGateway(circumstances: Circumstances = {}) {
  const gateway = gatewayInMemory(circumstances);
  const noted: (Fields & { is: string })[] = [];
  const audit = { note: (kind: string, fields: Fields) => void noted.push({ is: kind, ...fields }) };
  gateway.model.observe(endLines(audit));
  const model = accountedOpenings(gateway.model, gateway.openings, audit, new Sparing(gateway.clock, 5, 60_000));
  return { ...gateway, model, noted };
}

test('what opens is told: for whom, from whom, where, until when, and why it may', () => {
  const { model, noted, clock } = accountedGateway();
  const objects = done(
    model.apply([mapping({ Alias: 'film', X_SLUICE_StreamType: 'rtp' }), pinhole({ Alias: 'film6' })], mine),
  );
  const [global] = String(noted[0]?.global).split(':');
  assert.equal(global, '203.0.113.1');
  assert.deepEqual(noted, [
    {
      is: 'opening-opened',
      id: 'film',
      path: objects[0]?.slice(0, -1),
      controller: 'self::mine',
      type: 'rtp',
      remote: '203.0.113.10:7000',
      global: noted[0]?.global,
      local: '192.168.1.2:5000',
      consent: 'unchecked',
      until: new Date(clock.now() + 60_000).toISOString(),
    },
    {
      is: 'opening-opened',
      id: 'film6',
      path: objects[1]?.slice(0, -1),
      controller: 'self::mine',
      type: 'udp',
      remote: '[2001:db8:1::10]:7000',
      global: '[2001:db8:100::2]:5000',
      local: '[2001:db8:100::2]:5000',
      consent: 'unchecked',
      until: new Date(clock.now() + 60_000).toISOString(),
    },
  ]);
});

test('what ends is told: why, and how many packets had passed', async () => {
  const { model, openings, dataPlane, noted, clock } = accountedGateway();
  const objects = ['a', 'b', 'c', 'd'].map((Alias, n) =>
    done(model.apply([mapping({ Alias, InternalPort: `${5_000 + n}` })], mine)).at(0),
  );
  noted.length = 0;
  for (const held of dataPlane.read()) dataPlane.pass(held, held.local.port - 4_990, 1_000);
  done(model.apply([{ kind: 'delete', object: objects[0] ?? '' }], mine));
  const row = openings.rows.get(objects[1] ?? '');
  assert.ok(row);
  assert.equal(openings.end([row], 'household'), undefined);
  done(model.apply([set(objects[2] ?? '', { Enable: 'false' })], mine));
  await clock.pass(61_000);
  assert.deepEqual(
    noted.map(({ is, id, why, packets, bytes }) => [is, id, why, packets, bytes]),
    [
      ['opening-closed', 'a', 'closed', 10, 1_000],
      ['opening-closed', 'b', 'household', 11, 1_000],
      ['opening-closed', 'c', 'disabled', 12, 1_000],
      ['lease-ended', 'd', 'lease-ended', 13, 1_000],
      ['lease-ended', 'c', 'lease-ended', 12, 1_000],
    ],
  );
});

test('a renewal is no line; another path is', () => {
  const { model, noted } = accountedGateway();
  const [object = ''] = done(model.apply([mapping({ Alias: 'film' })], mine));
  done(model.apply([set(object, { LeaseDuration: '50', Description: 'other' })], mine));
  assert.equal(noted.length, 1);
  done(model.apply([set(object, { InternalPort: '5002' })], mine));
  assert.deepEqual([noted.length, noted[1]?.is, noted[1]?.local], [2, 'opening-opened', '192.168.1.2:5002']);
});

test('what was refused is told: to whom, by what word of the policy, what was wanted; no signature', () => {
  const { model, noted } = accountedGateway({ policy: { consent: 'required' } });
  const token = 'secret.secret.secret';
  refused(model.apply([mapping({ Alias: 'x', X_SLUICE_Consent: token })], mine));
  refused(model.apply([mapping({ InternalPort: '22' })], theirs));
  refused(model.apply([mapping({ RemoteHost: '192.168.1.9' })], mine));
  refused(model.apply([mapping()], { endpointId: 'self::stranger' }));
  refused(model.apply([mapping({ Interface: 'Device.IP.Interface.99' })], mine));
  assert.deepEqual(
    noted.map(({ is, controller, code }) => [is, controller, code]),
    [
      ['consent-refused', 'self::mine', 'consent-missing'],
      ['opening-refused', 'self::theirs', 'port-denied'],
      ['opening-refused', 'self::mine', 'remote-denied'],
      ['opening-refused', 'self::stranger', 'not-permitted'],
    ],
  );
  assert.deepEqual([noted[0]?.signed, noted[1]?.signed, noted[0]?.to], [true, false, 'add']);
  assert.match(JSON.stringify(noted[0]?.wanted), /"InternalClient":"192.168.1.2"/);
  assert.doesNotMatch(JSON.stringify(noted), /secret/);
});

test('a flood of refusals is counted, not written', async () => {
  const { model, noted, clock } = accountedGateway();
  for (let n = 0; n < 50; n++) refused(model.apply([mapping({ InternalPort: '22' })], mine));
  await clock.pass(60_000);
  refused(model.apply([mapping({ InternalPort: '22' })], mine));
  assert.equal(noted.length, 6);
  assert.deepEqual([noted[4]?.moreOmitted, noted[5]?.omitted], [true, 45]);
});
