import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mostProxyHeaderBytes, ProxyHeaderMalformed, readProxyHeader } from './index.ts';

const four = { from: { address: '198.51.100.7', port: 40_000 }, to: { address: '203.0.113.20', port: 443 } };
const six = { from: { address: '2001:db8:100::2', port: 40_000 }, to: { address: '2001:db8:1::20', port: 443 } };
const groups = {
  from: { address: '2001:db8:100:0:0:0:0:2', port: 40_000 },
  to: { address: '2001:db8:1:0:0:0:0:20', port: 443 },
};
const binary = (versionAndCommand: string, rest: string) =>
  Buffer.from(`0d0a0d0a000d0a515549540a${versionAndCommand}${rest}`.replaceAll(' ', ''), 'hex');
const vectors: [string, Buffer, object][] = [
  ['a line, IPv4', Buffer.from('PROXY TCP4 198.51.100.7 203.0.113.20 40000 443\r\n'), { ends: four }],
  ['a line, IPv6', Buffer.from('PROXY TCP6 2001:db8:100::2 2001:db8:1::20 40000 443\r\n'), { ends: six }],
  ['a line that tells nothing', Buffer.from('PROXY UNKNOWN ffff:f::1 x y z\r\n'), {}],
  ['binary, IPv4', binary('21', '11 000c c6336407 cb007114 9c40 01bb'), { ends: four }],
  [
    'binary, IPv6, and an addition',
    binary('21', '21 0028 20010db8010000000000000000000002 20010db8000100000000000000000020 9c40 01bb 04 0001 ff'),
    { ends: groups },
  ],
  ["the proxy's own connection", binary('20', '00 0000'), {}],
  ['a Unix socket', binary('21', '31 0002 ffff'), {}],
];

test('headers of both versions are read, however they arrive, and what follows is left', () => {
  for (const [title, bytes, expected] of vectors) {
    const whole = Buffer.concat([bytes, Buffer.from('\x16\x03\x01')]);
    assert.deepEqual(readProxyHeader(whole), { length: bytes.length, ...expected }, title);
    for (let length = 0; length < bytes.length; length++)
      assert.equal(readProxyHeader(bytes.subarray(0, length)), undefined, `${title}, ${length} octets`);
  }
});

test('what is no header is refused as soon as it cannot become one', () => {
  const wrong: [string, Buffer][] = [
    ['a TLS ClientHello', Buffer.from('\x16\x03\x01\x02')],
    ['HTTP', Buffer.from('GET /')],
    ['another case', Buffer.from('proxy TCP4')],
    ['a line that does not end', Buffer.from(`PROXY TCP6 ${'f'.repeat(100)}`)],
    ['an address of the other version', Buffer.from('PROXY TCP4 2001:db8::1 203.0.113.20 40000 443\r\n')],
    ['port 0', Buffer.from('PROXY TCP4 198.51.100.7 203.0.113.20 0 443\r\n')],
    ['a port in another notation', Buffer.from('PROXY TCP4 198.51.100.7 203.0.113.20 0x50 443\r\n')],
    ['a word too many', Buffer.from('PROXY TCP4 198.51.100.7 203.0.113.20 1 443 2\r\n')],
    ['version 3', binary('31', '11 000c')],
    ['an unknown command', binary('22', '11 000c')],
    ['addresses that do not fit', binary('21', '21 000c c6336407 cb007114 9c40 01bb')],
    ['binary port 0', binary('21', '11 000c c6336407 cb007114 0000 01bb')],
    ['too much', binary('21', '11 ffff')],
  ];
  for (const [title, bytes] of wrong) assert.throws(() => readProxyHeader(bytes), ProxyHeaderMalformed, title);
});

test('whatever comes, it is a header, more is needed, or it is refused; and never more than its limit is waited for', () => {
  const near = fc
    .tuple(fc.constantFrom(...vectors.map(([, bytes]) => bytes)), fc.nat(80), fc.uint8Array({ maxLength: 3_000 }))
    .map(([bytes, cut, more]) => Buffer.concat([bytes.subarray(0, cut), more]));
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 3_000 })), (bytes) => {
      try {
        const header = readProxyHeader(bytes);
        if (header === undefined) assert.ok(bytes.length < mostProxyHeaderBytes);
        else assert.ok(header.length <= bytes.length);
      } catch (error) {
        assert.ok(error instanceof ProxyHeaderMalformed, String(error));
      }
    }),
  );
});
