import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { ContentRequest, Gateway } from '@sluice/model';
import { OwnPlayers } from '../../appliance/gateway/own-players.ts';
import { OwnRequests } from '../../appliance/gateway/own-requests.ts';
import type { DeviceSocket } from '../../appliance/io/socket-table.ts';
import { appliancePair, deviceAddresses } from '../test/through-appliance.ts';
import { Players } from './players.ts';

const patient = new AbortController().signal;
const portal = { address: '203.0.113.20', port: 8554 };
const home = '203.0.113.1';
const request: ContentRequest = {
  requestId: 'r1',
  applianceId: `player:${home}`,
  contentId: 'film',
  portalId: 'self::portal-1',
  flow: { portal, observed: { address: home, port: 45_678 } },
  localAddresses: [],
  receiver: 'program',
  streams: [{ id: 'video', streamType: 'rtp', remote: { address: '203.0.113.10', port: 7000 }, localPort: 5000 }],
};
const idle: DeviceSocket[] = [];
const playing: DeviceSocket[] = [
  {
    transport: 'tcp',
    local: { address: '192.168.1.2', port: 45_678 },
    remote: portal,
    state: 'established',
    uid: 1000,
  },
  {
    transport: 'udp',
    local: { address: '0.0.0.0', port: 5000 },
    remote: { address: '0.0.0.0', port: 0 },
    state: 'bound',
    uid: 1000,
  },
];

/** Appliances of a home, each with the sockets of its device. */
function homeOf(appliances: Record<string, readonly DeviceSocket[]>, gateway?: Gateway, seenAt = home) {
  const clock = new VirtualClock();
  const { links, connect } = appliancePair(clock);
  const connected = Object.entries(appliances).map(([id, sockets]) => {
    const players = new OwnPlayers({
      sockets: () => sockets,
      ownAddresses: () => deviceAddresses,
      portalAddresses: async () => new Set([portal.address]),
    });
    return connect(id, new OwnRequests(() => deviceAddresses), [], { observed: seenAt, players });
  });
  const players = new Players({ links, gatewayAt: async () => gateway, clock });
  return { players, leave: () => connected.forEach((each) => void each[Symbol.dispose]()) };
}
const box: Gateway = { gatewayId: 'box', type: 'igd', communication: { through: 'appliance' } };

test('the appliance whose program it is has it for its own, also when asked again', async () => {
  const { players, leave } = homeOf({ 'self::tablet': idle, 'self::tv': playing });
  const { asked, refusal } = await players.tied(request, patient);
  assert.deepEqual([asked.applianceId, asked.localAddresses, refusal], ['self::tv', ['192.168.1.2'], undefined]);
  leave();
  const again = await players.tied({ ...request, flow: { portal, observed: { address: home, port: 1 } } }, patient);
  assert.equal(again.asked.applianceId, 'self::tv');
  const { players: others } = homeOf({ 'self::tv': playing });
  const unnamed = { ...request, applianceId: `device:${home}`, requestId: 'r2' };
  assert.deepEqual((await others.tied(unnamed, patient)).asked.applianceId, 'self::tv');
});

const notTied: [string, ReturnType<typeof homeOf>, Partial<ContentRequest>, string | undefined, RegExp?][] = [
  ['none of them takes it', homeOf({ 'self::tv': idle }, box), {}, 'device-not-found', /self::tv says: no program/],
  ['two take it', homeOf({ a: playing, b: playing }, box), {}, 'device-not-found', /more than one/],
  ['nobody is connected who could open', homeOf({}, box), {}, 'device-not-found', /no appliance is connected/],
  ['nobody is connected, and who opens is not known', homeOf({}), {}, undefined],
  ['its gateway finds devices itself', homeOf({ a: playing }, { ...box, communication: {} }), {}, undefined],
  ['it is another home', homeOf({ a: playing }, undefined, '203.0.113.2'), {}, undefined],
  ['another portal asks', homeOf({ a: playing }), { portalId: 'self::portal-2' }, undefined],
  ['an appliance asks for itself', homeOf({ a: playing }), { applianceId: 'self::tv' }, undefined],
];
for (const [title, { players }, change, code, why = /^/] of notTied)
  test(`tied to none: ${title}`, async () => {
    const sent = { ...request, ...change };
    const { asked, refusal } = await players.tied(sent, patient);
    assert.deepEqual([asked, refusal?.code], [sent, code]);
    assert.match(refusal?.message ?? '', why);
  });

test('devices of one home share the first half of an IPv6 address', async () => {
  const { players } = homeOf({ 'self::tv': playing }, box, '2001:db8:100::2');
  const at = (address: string) =>
    players.tied({ ...request, flow: { portal, observed: { address, port: 7 } } }, patient);
  assert.match((await at('2001:db8:100::3')).refusal?.message ?? '', /self::tv says/);
  assert.match((await at('2001:db8:101::3')).refusal?.message ?? '', /no appliance is connected/);
});
