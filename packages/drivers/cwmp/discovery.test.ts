import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceBook } from './index.ts';
import { type BenchOptions, cwmpBench } from './test/bench.ts';

const patient = () => AbortSignal.timeout(5_000);
const home = { global: ['203.0.113.1'], local: [{ address: '192.168.1.0', length: 24 }], own: ['192.168.1.1'] };
const ipv6 = { external: '2001:db8:1::1', lanAddress: '2001:db8:100::1', prefix: '2001:db8:100::/64' };

/** The connection or interface in use, wherever it is and however much of it a device tells. */
const devices: Record<string, BenchOptions> = {
  'TR-098, WANIPConnection under the first device': {},
  'TR-098, WANPPPConnection under the second': { connection: { kind: 'PPP', device: 2, index: 1 } },
  'TR-098, WANIPConnection 3 under the fifth': { connection: { kind: 'IP', device: 5, index: 3 } },
  'TR-098, no default connection told': { tellsDefault: false, connection: { kind: 'PPP', device: 4, index: 2 } },
  'TR-098, no address in the home is enabled': { tellsHome: 'disabled' },
  'TR-098, the home is known by DHCP alone': { tellsHome: 'dhcp' },
  'TR-181': { model: 'tr-181' },
};
for (const [name, options] of Object.entries(devices))
  test(`${name}: where mappings are made, and the home`, async () => {
    await using bench = await cwmpBench({ ...options, quirks: { noPartialPaths: true } });
    await using session = await bench.driver.connect(bench.gateway, patient());
    assert.deepEqual(await session.addresses(patient()), home);
    assert.equal(bench.book.of('home').place?.mappings.path, bench.cpe.model.mappings);
    assert.deepEqual(session.traits?.families, [4]);
  });

test('the connection in use is found without the Inform and without a default', async () => {
  await using bench = await cwmpBench({ tellsDefault: false, connection: { kind: 'PPP', device: 4, index: 2 } });
  const told = bench.cpe.model.told as string[];
  told.splice(
    told.findIndex((each) => each.endsWith('ExternalIPAddress')),
    1,
  );
  await bench.cpe.restart();
  await using session = await bench.driver.connect(bench.gateway, patient());
  assert.deepEqual((await session.addresses(patient())).global, ['203.0.113.1']);
});

test('TR-181 with IPv6: addresses, prefixes, and pinholes', async () => {
  await using bench = await cwmpBench({ model: 'tr-181', ipv6 });
  await using session = await bench.driver.connect(bench.gateway, patient());
  assert.deepEqual(await session.addresses(patient()), {
    global: ['203.0.113.1', '2001:db8:1::1'],
    local: [...home.local, { address: '2001:db8:100::', length: 64 }],
    own: ['192.168.1.1', '2001:db8:100::1'],
  });
  assert.deepEqual(session.traits?.families, [4, 6]);
});

test('a device whose connection is down is out of reach, and says why', async () => {
  for (const model of ['tr-098', 'tr-181'] as const) {
    await using bench = await cwmpBench({ model, external: '0.0.0.0' });
    await assert.rejects(bench.driver.connect(bench.gateway, patient()), /no connection to the internet in use/);
  }
});

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
