import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  buildDescription,
  type DescribedDevice,
  type Description,
  IgdMalformed,
  igdType,
  longestDescription,
  parseDescription,
  servicesOf,
  versionOf,
} from './index.ts';
import { description } from './test/miniupnpd.ts';

test("miniupnpd's description", () => {
  const { device, urlBase } = parseDescription(Buffer.from(description));
  assert.equal(urlBase, undefined);
  assert.equal(device.type, `${igdType.gateway}:2`);
  assert.equal(device.udn, 'uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c11');
  assert.equal(device.manufacturer, 'Debian');
  assert.deepEqual(
    servicesOf(device).map(({ type, controlUrl }) => [type.replace('urn:schemas-upnp-org:service:', ''), controlUrl]),
    [
      ['Layer3Forwarding:1', '/ctl/L3F'],
      ['WANIPConnection:2', '/ctl/IPConn'],
      ['WANIPv6FirewallControl:1', '/ctl/IP6FCtl'],
    ],
  );
});

test('a description that is pretty-printed, under another namespace and prefix', () => {
  const { device, urlBase } = parseDescription(
    Buffer.from(`\n<?xml version="1.0"?>
      <x:root xmlns:x="urn:other">
        <x:URLBase> http://192.168.1.1:80/ </x:URLBase>
        <x:device>
          <x:deviceType>${igdType.gateway}:1</x:deviceType>
          <x:friendlyName>${'a'.repeat(300)}</x:friendlyName>
        </x:device>
      </x:root>`),
  );
  assert.equal(urlBase, 'http://192.168.1.1:80/');
  assert.equal(device.friendlyName.length, 256);
  assert.deepEqual([device.udn, device.services, device.devices], ['', [], []]);
});

test('what is no description', () => {
  for (const text of [
    '<html><body>Please log in</body></html>',
    '<root/>',
    '<device/>',
    '',
    '<!DOCTYPE root [<!ENTITY a "b">]><root><device/></root>',
    `<root><device>${'<deviceList><device>'.repeat(40)}`,
    `<root><device/>${' '.repeat(longestDescription)}</root>`,
  ])
    assert.throws(() => parseDescription(Buffer.from(text)), IgdMalformed, text.slice(0, 60));
});

test('versions of types', () => {
  assert.equal(versionOf(`${igdType.ipConnection}:2`, igdType.ipConnection), 2);
  assert.equal(versionOf(`${igdType.ipConnection}:x`, igdType.ipConnection), undefined);
  assert.equal(versionOf(`${igdType.ipConnection}Other:1`, igdType.ipConnection), undefined);
  assert.equal(versionOf(`${igdType.pppConnection}:1`, igdType.ipConnection), undefined);
});

const word = fc.stringMatching(/^[!-~]{0,30}$/);
const { device } = fc.letrec<{ device: DescribedDevice }>((tie) => ({
  device: fc.record({
    type: word,
    udn: word,
    friendlyName: word,
    manufacturer: word,
    modelName: word,
    modelNumber: word,
    modelDescription: word,
    services: fc.array(fc.record({ type: word, id: word, controlUrl: word, eventUrl: word, scpdUrl: word }), {
      maxLength: 3,
    }),
    devices: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('device'), { maxLength: 2 })),
  }),
}));

test('every description is read as it was written; cut short it is none', () => {
  fc.assert(
    fc.property(device, fc.nat(), (device, at) => {
      const value: Description = { urlBase: 'http://192.168.1.1/', device };
      const written = Buffer.from(buildDescription(value));
      assert.deepEqual(plain(parseDescription(written)), plain(value));
      assert.throws(() => parseDescription(written.subarray(0, at % written.length)), IgdMalformed);
    }),
    { numRuns: 60 },
  );
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
