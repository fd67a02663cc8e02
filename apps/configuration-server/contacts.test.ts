import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { Gateway, GatewayAddresses, Registration } from '@sluice/model';
import { type ContactRule, Contacts } from './contacts.ts';

const homes: Readonly<Record<string, GatewayAddresses>> = {
  a: {
    global: ['203.0.113.1'],
    local: [
      { address: '192.168.1.0', length: 24 },
      { address: '2001:db8:100::', length: 64 },
    ],
    own: [],
  },
  b: {
    global: ['203.0.113.2'],
    local: [
      { address: '192.168.1.0', length: 24 },
      { address: '2001:db8:200::', length: 64 },
    ],
    own: [],
  },
};

function desk(rule: ContactRule, registered?: string, home: Readonly<Record<string, string>> = {}) {
  const clock = new VirtualClock();
  const kept = new Map<string, Registration>();
  if (registered !== undefined) kept.set('tv', { applianceId: 'tv', gatewayId: registered });
  const gatewayOf = (gatewayId: string): Gateway => {
    const homeId = home[gatewayId];
    return { gatewayId, type: 'sluice', communication: {}, ...(homeId && { home: { homeId, at: [] } }) };
  };
  const contacts = new Contacts({
    rule,
    periodMs: 60_000,
    clock,
    addressesOf: (gatewayId) => homes[gatewayId],
    registrations: {
      gateways: async () => Object.keys(homes).map(gatewayOf),
      gateway: async (gatewayId) => gatewayOf(gatewayId),
      appliance: async (applianceId) => kept.get(applianceId),
      async putAppliance(registration) {
        kept.set(registration.applianceId, registration);
        return undefined;
      },
    },
  });
  return { clock, contacts, behind: () => kept.get('tv')?.gatewayId, kept };
}

test('first-contact: an appliance is registered where it comes from, and stays there', async () => {
  const { contacts, behind } = desk('first-contact');
  assert.equal(await contacts.contact('tv', '203.0.113.1'), true);
  assert.equal(behind(), 'a');
  assert.equal(await contacts.contact('tv', '203.0.113.2'), false);
  assert.equal(behind(), 'a');
});

test('periodic: it is registered again when the period is over', async () => {
  const { clock, contacts, behind } = desk('periodic');
  await contacts.contact('tv', '203.0.113.1');
  await clock.pass(59_000);
  await contacts.contact('tv', '203.0.113.2');
  assert.equal(behind(), 'a');
  await clock.pass(1_000);
  await contacts.contact('tv', '203.0.113.2');
  assert.equal(behind(), 'b');
});

test('every-contact: it is where it comes from each time; an IPv6 address is of the home that has its prefix', async () => {
  const { contacts, behind } = desk('every-contact', 'a');
  await contacts.contact('tv', '2001:db8:200::2');
  assert.equal(behind(), 'b');
  await contacts.contact('tv', '203.0.113.1');
  assert.equal(behind(), 'a');
});

test('off, or from where no gateway is known, nothing changes', async () => {
  const off = desk('off');
  await off.contacts.contact('tv', '203.0.113.1');
  assert.equal(off.behind(), undefined);
  const every = desk('every-contact', 'a');
  for (const address of ['198.51.100.1', '192.168.1.2', '2001:db8:300::1']) await every.contacts.contact('tv', address);
  assert.equal(every.behind(), 'a');
});

test('with several ways into the home of that address it is registered in that home, and stays with the way that it has', async () => {
  const { contacts, kept } = desk('every-contact', undefined, { a: 'house' });
  await contacts.contact('tv', '203.0.113.1');
  assert.deepEqual(kept.get('tv'), { applianceId: 'tv', gatewayId: 'a', homeId: 'house' });
  kept.set('tv', { applianceId: 'tv', gatewayId: 'c', homeId: 'house' });
  assert.equal(await contacts.contact('tv', '203.0.113.1'), false);
  assert.equal(kept.get('tv')?.gatewayId, 'c');
  assert.equal(await contacts.contact('tv', '203.0.113.2'), true);
  assert.deepEqual(kept.get('tv'), { applianceId: 'tv', gatewayId: 'b' });
});

test('an address that two gateways have is of nobody, unless they are ways into one home', async () => {
  const twins = { x: homes.a, y: homes.a } as Readonly<Record<string, GatewayAddresses>>;
  for (const [homeId, found] of [
    [undefined, undefined],
    ['house', 'x'],
  ] as const) {
    const contacts = new Contacts({
      ...{ rule: 'off', periodMs: 0, clock: new VirtualClock(), addressesOf: (gatewayId) => twins[gatewayId] },
      registrations: {
        gateway: async () => undefined,
        gateways: async () =>
          Object.keys(twins).map((gatewayId) => ({
            ...({ gatewayId, type: 'sluice', communication: {} } as const),
            ...(homeId && { home: { homeId, at: [] } }),
          })),
        appliance: async () => undefined,
        putAppliance: async () => undefined,
      },
    });
    assert.equal(await contacts.gatewayAt('203.0.113.1'), found);
  }
});
