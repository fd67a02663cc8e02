import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anyAddress,
  bareAddress,
  buildPcpRequest,
  buildPcpResponse,
  otherVersionIn,
  type PcpRequest,
  type PcpResponse,
  parsePcpRequest,
  parsePcpResponse,
  pcpAddress,
  pcpProtocol,
  pcpResult,
  pcpResultName,
} from './index.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'));
const v4 = (...bytes: number[]) => pcpAddress(Uint8Array.from(bytes));
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part)),
  );

const mapping = {
  nonce: hex('101112131415161718191a1b'),
  protocol: pcpProtocol.udp,
  internalPort: 40_000,
  externalPort: 40_000,
  externalAddress: anyAddress(4),
};
const filter = {
  kind: 'filter',
  prefixLength: 128,
  port: 5004,
  address: v4(198, 51, 100, 7),
} as const;

const header = '0201 0000 00001c20 00000000000000000000ffffc0a80114';
const body = '101112131415161718191a1b 11 000000 9c40 9c40 00000000000000000000ffff00000000';

const requests: readonly [string, string, PcpRequest][] = [
  [
    'a mapping that only one remote endpoint may use, or none at all',
    `${header} ${body} 0300 0014 00 80 138c 00000000000000000000ffffc6336407 0200 0000`,
    {
      lifetime: 7200,
      clientAddress: v4(192, 168, 1, 20),
      body: { kind: 'map', mapping },
      options: [filter, { kind: 'prefer-failure' }],
    },
  ],
  [
    'a mapping for another host',
    `${header} ${body} 0100 0010 00000000000000000000ffffc0a80115`,
    {
      lifetime: 7200,
      clientAddress: v4(192, 168, 1, 20),
      body: { kind: 'map', mapping },
      options: [{ kind: 'third-party', address: v4(192, 168, 1, 21) }],
    },
  ],
  [
    'an announcement that is asked for, of IPv6',
    '02 00 0000 00000000 20010db8010000000000000000000002',
    {
      lifetime: 0,
      clientAddress: hex('20010db8010000000000000000000002'),
      body: { kind: 'announce' },
      options: [],
    },
  ],
  [
    'a description (RFC 7220), which is padded',
    `${header} ${body} 8000 0005 736c756963 000000`,
    {
      lifetime: 7200,
      clientAddress: v4(192, 168, 1, 20),
      body: { kind: 'map', mapping },
      options: [{ kind: 'other', code: 128, octets: hex('736c756963') }],
    },
  ],
  [
    'a peer',
    `0202 0000 00001c20 00000000000000000000ffffc0a80114 ${body} 138c 0000 00000000000000000000ffffc6336407`,
    {
      lifetime: 7200,
      clientAddress: v4(192, 168, 1, 20),
      body: { kind: 'peer', mapping, remotePort: 5004, remoteAddress: v4(198, 51, 100, 7) },
      options: [],
    },
  ],
];

const answered = { ...mapping, externalPort: 1024, externalAddress: v4(203, 0, 113, 1) };
const responses: readonly [string, string, PcpResponse][] = [
  [
    'a mapping that was made',
    '0281 0000 00000e10 00000005 000000000000000000000000 101112131415161718191a1b 11 000000 9c40 0400 ' +
      '00000000000000000000ffffcb007101',
    { result: 0, lifetime: 3600, epoch: 5, body: { kind: 'map', mapping: answered }, options: [] },
  ],
  [
    'a port that is taken',
    `0281 000b 0000003c 00000005 000000000000000000000000 ${body} 0200 0000`,
    {
      result: pcpResult.cannotProvideExternal,
      lifetime: 60,
      epoch: 5,
      body: { kind: 'map', mapping },
      options: [{ kind: 'prefer-failure' }],
    },
  ],
  [
    'an announcement',
    '0280 0000 00000000 00000001 000000000000000000000000',
    { result: 0, lifetime: 0, epoch: 1, body: { kind: 'announce' }, options: [] },
  ],
  [
    'an error without the request that it is about',
    '0281 0004 00000708 00000005 000000000000000000000000',
    { result: 4, lifetime: 1800, epoch: 5, body: { kind: 'missing', opcode: 1 }, options: [] },
  ],
];

for (const [what, octets, value] of requests)
  test(`request: ${what}`, () => {
    assert.equal(Buffer.from(buildPcpRequest(value)).toString('hex'), Buffer.from(hex(octets)).toString('hex'));
    assert.deepEqual(plain(parsePcpRequest(hex(octets))), plain(value));
    assert.equal(parsePcpResponse(hex(octets)), undefined, 'a request is no response');
  });

for (const [what, octets, value] of responses)
  test(`response: ${what}`, () => {
    assert.equal(Buffer.from(buildPcpResponse(value)).toString('hex'), Buffer.from(hex(octets)).toString('hex'));
    assert.deepEqual(plain(parsePcpResponse(hex(octets))), plain(value));
    assert.equal(parsePcpRequest(hex(octets)), undefined, 'a response is no request');
  });

test('what is cut short at any octet is refused, or is a shorter message that is whole', () => {
  const whole = [24, 60, 84];
  for (const [what, octets] of requests) {
    const bytes = hex(octets);
    for (let length = 0; length < bytes.length; length++)
      if (parsePcpRequest(bytes.subarray(0, length)))
        assert.ok(whole.includes(length), `${what}, cut to ${length} octets`);
  }
  const [, success = ''] = responses[0] ?? [];
  for (let length = 0; length < 60; length++)
    assert.equal(parsePcpResponse(hex(success).subarray(0, length)), undefined, `${length} octets`);
});

test('every value of every octet is a message or none, and reads the same when written', () => {
  for (const [, octets] of [...requests, ...responses]) {
    for (let at = 0; at < hex(octets).length; at++)
      for (let value = 0; value < 256; value++) {
        const bytes = hex(octets);
        bytes[at] = value;
        const request = parsePcpRequest(bytes);
        if (request) assert.deepEqual(plain(parsePcpRequest(buildPcpRequest(request))), plain(request));
        const response = parsePcpResponse(bytes);
        if (response) assert.deepEqual(plain(parsePcpResponse(buildPcpResponse(response))), plain(response));
      }
  }
});

test('broken messages are none', () => {
  const cases: [string, string][] = [
    ['another version', `01${header.slice(2)} ${body}`],
    ['a length that is no multiple of four', `${header} ${body} 0200`],
    ['an option that is longer than the message', `${header} ${body} 0300 0014 00 80 138c`],
    ['an option whose length is not its own', `${header} ${body} 0200 0004 00000000`],
    ['a filter of 129 bits', `${header} ${body} 0300 0014 00 81 138c 00000000000000000000ffffc6336407`],
    ['more than 1100 octets', `${header} ${body} ${'0200 0000'.repeat(261)}`],
  ];
  for (const [what, octets] of cases) assert.equal(parsePcpRequest(hex(octets)), undefined, what);
  assert.ok(parsePcpRequest(hex(`${header} ${body} ${'0200 0000'.repeat(260)}`)), '1100 octets are allowed');
});

test('what does not fit its field is not written', () => {
  const [, , request] = requests[0] ?? [];
  assert.ok(request);
  const broken: Partial<PcpRequest>[] = [
    { lifetime: -1 },
    { lifetime: 2 ** 32 },
    { lifetime: 1.5 },
    { clientAddress: Uint8Array.of(192, 168, 1, 20) },
    { body: { kind: 'map', mapping: { ...mapping, internalPort: 65_536 } } },
    { body: { kind: 'map', mapping: { ...mapping, nonce: new Uint8Array(8) } } },
    { body: { kind: 'map', mapping: { ...mapping, externalAddress: new Uint8Array(4) } } },
    { options: [{ ...filter, prefixLength: 129 }] },
    { options: [{ ...filter, port: -1 }] },
    { options: Array.from({ length: 50 }, () => filter) },
  ];
  for (const change of broken)
    assert.throws(() => buildPcpRequest({ ...request, ...change }), RangeError, JSON.stringify(change));
});

test('a server of another version is known by its refusal', () => {
  assert.equal(otherVersionIn(hex('00 81 0001 00000010')), 0, 'NAT-PMP');
  assert.equal(otherVersionIn(hex(`01 81 00 01 ${'00'.repeat(20)}`)), 1);
  assert.equal(otherVersionIn(hex('00 81 0000 00000010 0000 0000 00000000')), undefined, 'a success');
  assert.equal(otherVersionIn(hex(`02 81 00 01 ${'00'.repeat(20)}`)), undefined, 'our own version');
  assert.equal(otherVersionIn(hex('00 01 0001 00000010')), undefined, 'a request');
  assert.equal(otherVersionIn(hex('00 81 00 01')), undefined, 'cut short');
});

test('addresses have 16 octets, IPv4 those of its mapped form', () => {
  assert.equal(Buffer.from(anyAddress(4)).toString('hex'), '00000000000000000000ffff00000000');
  assert.equal(Buffer.from(anyAddress(6)).toString('hex'), '0'.repeat(32));
  assert.deepEqual(bareAddress(v4(192, 0, 2, 1)), Uint8Array.of(192, 0, 2, 1));
  const six = hex('20010db8010000000000000000000002');
  assert.deepEqual(bareAddress(pcpAddress(six)), six);
  assert.throws(() => pcpAddress(new Uint8Array(5)), RangeError);
  assert.equal(pcpResultName(pcpResult.notAuthorized), 'NOT_AUTHORIZED');
  assert.equal(pcpResultName(200), 'result 200');
});
