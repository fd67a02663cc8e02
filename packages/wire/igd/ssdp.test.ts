import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildSsdp, longestSsdp, parseSsdp, type SsdpMessage } from './index.ts';
import { searchAnswer } from './test/miniupnpd.ts';

const bytes = (...lines: string[]) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
const gateway = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';

test('a search is written as the standard shows it, and read again', () => {
  const search: SsdpMessage = { kind: 'search', host: '239.255.255.250:1900', mostWait: 2, target: gateway };
  const written = bytes(
    'M-SEARCH * HTTP/1.1',
    'HOST: 239.255.255.250:1900',
    'MAN: "ssdp:discover"',
    'MX: 2',
    `ST: ${gateway}`,
  );
  assert.equal(Buffer.from(buildSsdp(search)).toString(), written.toString());
  assert.deepEqual(parseSsdp(written), search);
  const { mostWait: _, ...toOne } = search;
  assert.deepEqual(parseSsdp(buildSsdp(toOne)), toOne);
});

test("miniupnpd's answer", () => {
  assert.deepEqual(parseSsdp(Buffer.from(searchAnswer)), {
    kind: 'answer',
    target: gateway,
    usn: `uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c11::${gateway}`,
    location: 'http://192.168.1.1:5555/rootDesc.xml',
    server: 'Debian/6.18.44 UPnP/1.1 MiniUPnPd/2.3.1',
    maxAge: 120,
    bootId: '1795834214',
  });
});

test('ways of writing that devices have', () => {
  const lax = parseSsdp(
    Buffer.from(
      'HTTP/1.0 200 OK\nlocation:http://192.168.1.1/d.xml\nst: a\nSt: b\nUsn:uuid:1\nCache-Control: no-cache="Ext", max-age = 5\n01-nls: x\n',
    ),
  );
  assert.deepEqual(lax, {
    kind: 'answer',
    target: 'a',
    usn: 'uuid:1',
    location: 'http://192.168.1.1/d.xml',
    maxAge: 5,
    bootId: 'x',
  });
  const notice = parseSsdp(bytes('NOTIFY * HTTP/1.1', 'NT: upnp:rootdevice', 'NTS: ssdp:byebye', 'USN: uuid:1'));
  assert.deepEqual(notice, { kind: 'notice', event: 'byebye', target: 'upnp:rootdevice', usn: 'uuid:1' });
});

test('what is none of these is passed over', () => {
  const answer = (...lines: string[]) => bytes('HTTP/1.1 200 OK', 'ST: a', 'USN: b', ...lines);
  assert.ok(parseSsdp(answer('LOCATION: http://192.168.1.1/')));
  for (const datagram of [
    Buffer.alloc(0),
    bytes('HTTP/1.1 404 Not Found', 'ST: a', 'USN: b', 'LOCATION: http://192.168.1.1/'),
    answer(),
    answer('LOCATION: https://192.168.1.1/'),
    answer('LOCATION: file:///etc/passwd'),
    answer('LOCATION: /d.xml'),
    answer('LOCATION: http://a b/'),
    answer(`LOCATION: http://192.168.1.1/${'x'.repeat(600)}`),
    answer('no field', 'LOCATION: http://192.168.1.1/'),
    bytes('HTTP/1.1 200 OK', 'ST: a', 'LOCATION: http://192.168.1.1/'),
    bytes('M-SEARCH * HTTP/1.1', 'ST: a'),
    bytes('NOTIFY * HTTP/1.1', 'NT: a', 'USN: b', 'NTS: ssdp:other'),
    answer('LOCATION: http://192.168.1.1/', `X: ${'x'.repeat(longestSsdp)}`),
  ])
    assert.equal(parseSsdp(datagram), undefined, datagram.toString().slice(0, 120));
});

test('a value never becomes a line of its own', () => {
  const search = { kind: 'search', host: 'a', target: 'x\r\nLOCATION: http://192.0.2.1/' } as const;
  assert.throws(() => buildSsdp(search), RangeError);
});

const text = fc.stringMatching(/^[!-~]{1,40}$/);
const presence = {
  target: text,
  usn: text,
  server: fc.option(text, { nil: undefined }),
  maxAge: fc.option(fc.nat(999_999_999), { nil: undefined }),
  bootId: fc.option(text, { nil: undefined }),
};
const location = fc.webUrl({ validSchemes: ['http'], size: '-1' }).filter((url) => url.length < 500);
const message = fc.oneof(
  fc.record({
    kind: fc.constant('search' as const),
    host: text,
    target: text,
    mostWait: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('answer' as const), ...presence, location }),
  fc.record({
    kind: fc.constant('notice' as const),
    ...presence,
    event: fc.constantFrom('alive' as const, 'byebye' as const, 'update' as const),
    location: fc.option(location, { nil: undefined }),
  }),
);

/** Without members that are undefined. */
const defined = (value: object) => JSON.parse(JSON.stringify(value)) as SsdpMessage;

test('every message is read as it was written; cut short or changed it is a message, or none', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.nat(255), (given, at, octet) => {
      const value = defined(given);
      const written = buildSsdp(value);
      assert.deepEqual(parseSsdp(written), value);
      for (const damaged of [written.subarray(0, at % written.length), written.with(at % written.length, octet)]) {
        const read = parseSsdp(damaged);
        assert.ok(read === undefined || typeof read.target === 'string');
      }
    }),
  );
});
