import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import { buildAnswer, buildDescription, buildSsdp, igdType, parseRequest } from '@sluice/wire/igd';
import { byPreference, type Choice, isBest } from './choosing.ts';
import { igdDriver } from './index.ts';
import { linkOf, mayName, placeOf } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';
import { loopbackGateways, simulatedHome } from './test/loopback-gateway.ts';
import { SimulatedIgd, simulatedUdn } from './test/simulated-igd.ts';
import type { Departures } from './test/simulated-tables.ts';

const gateway = (communication: Record<string, string> = {}): Gateway => ({
  gatewayId: 'home-1',
  type: 'igd',
  communication,
});
const patient = () => AbortSignal.timeout(10_000);

/** Gateways at 192.168.1.1, .254, ..., and what a driver makes of them. */
async function homeOf(...all: Departures[]) {
  const clock = new VirtualClock();
  const addresses = ['192.168.1.1', '192.168.1.254', '192.168.1.253'];
  const gateways = all.map((departures, index) => {
    const igd = new SimulatedIgd(clock, departures);
    igd.address = addresses[index] ?? '';
    return igd;
  });
  const loopback = await loopbackGateways(clock, gateways, { windowMs: 400 });
  const driver = igdDriver(loopback.ports);
  return {
    gateways,
    loopback,
    connect: (communication?: Record<string, string>) => driver.connect(gateway(communication), patient()),
    [Symbol.asyncDispose]: () => loopback[Symbol.asyncDispose](),
  };
}

/** The address that the chosen gateway has on the internet. */
const chosen = async (home: Awaited<ReturnType<typeof homeOf>>, communication?: Record<string, string>) =>
  (await (await home.connect(communication)).addresses(patient())).global;

const there = { externalAddress: '198.51.100.9' };

describe('which gateway', () => {
  test('the one on the default route, before others that answer', async () => {
    await using home = await homeOf({}, there);
    assert.deepEqual(await chosen(home), ['203.0.113.1']);
  });

  test('another one, where the default router has no UPnP, or no connection', async () => {
    await using mute = await homeOf({ mute: true }, there);
    assert.deepEqual(await chosen(mute), ['198.51.100.9']);
    await using offline = await homeOf({ status: 'Disconnected', externalAddress: '' }, there);
    assert.deepEqual(await chosen(offline), ['198.51.100.9']);
  });

  test('among others, a public address before a private one, then version 2 before 1', async () => {
    await using home = await homeOf({ mute: true }, { externalAddress: '10.0.0.2' }, there);
    assert.deepEqual(await chosen(home), ['198.51.100.9']);
    await using versions = await homeOf({ mute: true }, { ...there, version: 1 }, {});
    assert.deepEqual(await chosen(versions), ['203.0.113.1']);
  });

  test('the registered one alone, by its name', async () => {
    await using home = await homeOf({});
    assert.deepEqual(await chosen(home, { uuid: simulatedUdn }), ['203.0.113.1']);
    await assert.rejects(home.connect({ uuid: 'uuid:other' }), /not the gateway that is registered/);
  });

  test('where its description is may be registered: nobody is searched; where that is none, somebody is', async () => {
    await using home = await homeOf({ mute: true });
    assert.deepEqual(await chosen(home, { location: 'http://192.168.1.1:5000/desc.xml' }), ['203.0.113.1']);
    await assert.rejects(home.connect({ location: 'http://192.168.1.1:5000/other.xml' }), /status 404/);
    await using heard = await homeOf({});
    assert.deepEqual(await chosen(heard, { location: 'http://192.168.1.77:5000/desc.xml' }), ['203.0.113.1']);
  });

  test('one with WANPPPConnection', async () => {
    await using home = await homeOf({ ppp: true, version: 1 });
    assert.deepEqual(await chosen(home), ['203.0.113.1']);
  });

  test('none: unreachable, and why', async () => {
    await using home = await homeOf({ mute: true });
    await assert.rejects(home.connect(), { name: 'Unreachable', message: /nobody answers a search/ });
  });
});

test('an answer that points elsewhere is refused, and nobody is asked there', async () => {
  const elsewhere = [
    'http://192.0.2.1/desc.xml',
    'http://127.0.0.1:6379/',
    'http://169.254.169.254/latest/meta-data',
    'http://192.168.1.7:5000/desc.xml',
    'http://router.home/desc.xml',
    'http://user@192.168.1.254/',
  ];
  const refused = async (location: string) => {
    await using home = await homeOf({ mute: true }, { location });
    await assert.rejects(home.connect(), { name: 'Untrusted' }, location);
    assert.deepEqual([...home.loopback.reached], [], location);
  };
  await Promise.all(elsewhere.map(refused));
});

test('a registered description outside of the home is not asked for', async () => {
  await using home = await homeOf({ mute: true });
  for (const location of ['http://192.0.2.1/desc.xml', 'http://192.168.2.1/', 'http://gw/', 'nothing'])
    await assert.rejects(home.connect({ location }), { name: 'Untrusted', message: /not its own/ }, location);
  assert.deepEqual([...home.loopback.reached], []);
});

test('a service that a description puts elsewhere is none of the gateway', async () => {
  const asked: string[] = [];
  const service = {
    type: `${igdType.ipConnection}:1`,
    id: 'a',
    controlUrl: 'http://192.0.2.1/ctl',
    eventUrl: '',
    scpdUrl: '',
  };
  const described = described1([service, { ...service, id: 'b', controlUrl: '//192.0.2.1/ctl' }]);
  await assert.rejects(igdDriver(handmade(described, asked)).connect(gateway(), patient()), /no internet gateway/);
  assert.deepEqual(asked, ['192.168.1.1']);
});

test('of several WAN connections the connected one is taken, of those the one in use', async () => {
  const at = (id: string, family: string = igdType.ipConnection) => ({
    type: `${family}:1`,
    id: `urn:upnp-org:serviceId:${id}`,
    controlUrl: `/${id}`,
    eventUrl: '',
    scpdUrl: '',
  });
  const described = described1([
    at('down'),
    at('dsl'),
    at('ppp', igdType.pppConnection),
    at('forward', igdType.forwarding),
  ]);
  const connect = async (inUse: string) => {
    const ports = handmade(described, [], {
      '/down': { status: 'Disconnected', address: '0.0.0.0' },
      '/dsl': { status: 'Connected', address: '203.0.113.1' },
      '/ppp': { status: 'Connected', address: '203.0.113.2' },
      inUse: `uuid:x:WANConnectionDevice:1,urn:upnp-org:serviceId:${inUse}`,
    });
    return (await (await igdDriver(ports).connect(gateway(), patient())).addresses(patient())).global;
  };
  assert.deepEqual(await connect('dsl'), ['203.0.113.1']);
  assert.deepEqual(await connect('ppp'), ['203.0.113.2']);
  assert.deepEqual(await connect('down'), ['203.0.113.1'], 'one that is down is not in use, whatever is said');
});

test('what is preferred, as a table', () => {
  const plain: Choice = {
    isDefaultRouter: false,
    connected: false,
    externalAddress: undefined,
    inUse: false,
    version: 1,
  };
  const order: readonly Choice[] = [
    { ...plain, connected: true, isDefaultRouter: true, externalAddress: '203.0.113.1', inUse: true, version: 2 },
    { ...plain, connected: true, isDefaultRouter: true, externalAddress: '203.0.113.1', version: 2 },
    { ...plain, connected: true, isDefaultRouter: true, externalAddress: '203.0.113.1', version: 0 },
    { ...plain, connected: true, isDefaultRouter: true, externalAddress: '100.64.0.1', version: 2 },
    { ...plain, connected: true, externalAddress: '203.0.113.1', version: 2 },
    { ...plain, isDefaultRouter: true, version: 2 },
    plain,
  ];
  assert.deepEqual(order.toReversed().toSorted(byPreference), order);
  assert.deepEqual(order.map(isBest), [true, true, true, true, false, false, false]);
});

test('what a device may name as its own', () => {
  const link = linkOf(simulatedHome, 4);
  const link6 = linkOf(simulatedHome, 6);
  assert.ok(link && link6);
  assert.deepEqual([link.from, link6.from, link6.router], ['192.168.1.2', '2001:db8:100::2', 'fe80::1']);
  const may = (url: string, from: string, over = link) => {
    const place = placeOf(url);
    return place !== undefined && mayName(place, from, over, simulatedHome);
  };
  assert.ok(may('http://192.168.1.1:5000/d.xml', '192.168.1.1'));
  assert.ok(may('http://192.168.1.1:5000/d.xml', '192.168.1.254'), 'the common address of a pair of routers');
  assert.ok(may('http://192.168.1.254/d.xml', '192.168.1.254'));
  assert.ok(!may('http://192.168.1.254/d.xml', '192.168.1.1'));
  assert.ok(!may('http://203.0.113.9/d.xml', '203.0.113.9'), 'beyond the home');
  assert.ok(may('http://[2001:db8:100::1]:5000/d.xml', 'fe80::1', link6));
  assert.ok(!may('http://[2001:db8:200::1]:5000/d.xml', 'fe80::1', link6));
  assert.ok(may('http://[fe80::1]:49000/d.xml', 'fe80::1', link6), "a FRITZ!Box's");
  assert.ok(!may('http://[fe80::2]:49000/d.xml', 'fe80::1', link6));
  assert.ok(!may('http://192.168.1.1:5000/d.xml', 'fe80::1', link6));
  for (const url of ['https://192.168.1.1/', 'http://gw/', 'http://192.168.1.1:0/', 'ftp://192.168.1.1/', '/d.xml'])
    assert.equal(placeOf(url), undefined, url);
  assert.deepEqual(placeOf('/ctl?x=1', 'http://[2001:db8::1]:80/d'), {
    address: '2001:db8::1',
    port: 80,
    path: '/ctl?x=1',
  });
});

test('no network with a gateway: unreachable', async () => {
  const ports = { ...handmade('', []), home: () => ({ gateways: [], prefixes: [], addresses: [] }) };
  await assert.rejects(igdDriver(ports).connect(gateway(), patient()), { name: 'Unreachable' });
});

function described1(services: Parameters<typeof buildDescription>[0]['device']['services']): string {
  const names = { friendlyName: '', manufacturer: '', modelName: '', modelNumber: '', modelDescription: '' };
  return buildDescription({ device: { ...names, type: `${igdType.gateway}:1`, udn: 'uuid:x', services, devices: [] } });
}

/** Ports to one gateway that is a description and the states of its connections. */
function handmade(
  description: string,
  asked: string[],
  states: Record<string, { status: string; address: string } | string> = {},
): IgdDriverPorts {
  return {
    clock: new VirtualClock(),
    home: () => simulatedHome,
    random: () => 0,
    lost() {},
    async *search() {
      const location = 'http://192.168.1.1:5000/d.xml';
      yield { from: '192.168.1.1', bytes: buildSsdp({ kind: 'answer', target: 't', usn: 'uuid:x', location }) };
    },
    async http({ method, path, address, headers = {}, body = '' }) {
      asked.push(address);
      const say = (text: string) => ({ kind: 'answer', status: 200, server: '', body: Buffer.from(text) }) as const;
      if (method === 'GET') return say(description);
      const request = parseRequest(headers.SOAPACTION ?? '', body);
      const state = states[path];
      if (request.action === 'GetDefaultConnectionService')
        return say(buildAnswer(request, [['NewDefaultConnectionService', String(states.inUse)]]));
      if (typeof state !== 'object') return { kind: 'not-sent', reason: 'nobody' };
      return say(
        buildAnswer(
          request,
          request.action === 'GetStatusInfo'
            ? [['NewConnectionStatus', state.status]]
            : [['NewExternalIPAddress', state.address]],
        ),
      );
    },
  };
}
