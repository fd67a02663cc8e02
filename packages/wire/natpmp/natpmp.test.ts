import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildNatPmpRequest,
  buildNatPmpResponse,
  type NatPmpRequest,
  type NatPmpResponse,
  natPmpResultName,
  parseNatPmpRequest,
  parseNatPmpResponse,
} from './index.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? [...part] : part)));

const requests: readonly [string, NatPmpRequest][] = [
  ['00 00', { kind: 'external-address' }],
  [
    '00 01 0000 9c40 9c40 00001c20',
    { kind: 'map', protocol: 'udp', internalPort: 40_000, externalPort: 40_000, lifetime: 7200 },
  ],
  ['00 02 0000 1388 0000 00000000', { kind: 'map', protocol: 'tcp', internalPort: 5000, externalPort: 0, lifetime: 0 }],
];

const responses: readonly [string, NatPmpResponse][] = [
  ['00 80 0000 00000010 cb007101', { kind: 'external-address', result: 0, epoch: 16, address: hex('cb007101') }],
  [
    '00 81 0000 00000010 9c40 9c41 00001c20',
    { kind: 'map', result: 0, epoch: 16, protocol: 'udp', internalPort: 40_000, externalPort: 40_001, lifetime: 7200 },
  ],
  [
    '00 82 0002 ffffffff 1388 0000 00000000',
    { kind: 'map', result: 2, epoch: 2 ** 32 - 1, protocol: 'tcp', internalPort: 5000, externalPort: 0, lifetime: 0 },
  ],
  ['00 81 0001 00000010', { kind: 'error', result: 1, epoch: 16, opcode: 1 }],
  ['00 89 0005 00000010', { kind: 'error', result: 5, epoch: 16, opcode: 9 }],
];

test('requests, both ways', () => {
  for (const [octets, value] of requests) {
    assert.deepEqual(buildNatPmpRequest(value), hex(octets));
    assert.deepEqual(parseNatPmpRequest(hex(octets)), value);
    assert.equal(parseNatPmpResponse(hex(octets)), undefined, 'a request is no response');
  }
});

test('responses, both ways', () => {
  for (const [octets, value] of responses) {
    assert.deepEqual(buildNatPmpResponse(value), hex(octets));
    assert.deepEqual(plain(parseNatPmpResponse(hex(octets))), plain(value));
    assert.equal(parseNatPmpRequest(hex(octets)), undefined, 'a response is no request');
  }
});

test('what is cut short or too long is none', () => {
  for (const [octets] of requests) {
    const bytes = hex(octets);
    for (let length = 0; length < bytes.length; length++)
      assert.equal(parseNatPmpRequest(bytes.subarray(0, length)), undefined, `${octets}, ${length} octets`);
    assert.equal(parseNatPmpRequest(hex(`${octets} 00`)), undefined);
  }
  for (const [octets, { result }] of responses) {
    const bytes = hex(octets);
    for (let length = 0; length < bytes.length; length++) {
      const read = parseNatPmpResponse(bytes.subarray(0, length));
      // Of an error no more is needed than that it is one.
      if (read) assert.ok(result !== 0 && read.kind === 'error' && length >= 8, `${octets}, ${length} octets`);
    }
  }
  assert.equal(parseNatPmpResponse(hex('00 80 0000 00000010 cb007101 00')), undefined);
  assert.equal(parseNatPmpResponse(hex('02 81 0000 00000010 9c40 9c41 00001c20')), undefined, "PCP's version");
});

test('every value of every octet is a message or none, and reads the same when written', () => {
  for (const octets of [...requests, ...responses].map(([text]) => text))
    for (let at = 0; at < hex(octets).length; at++)
      for (let value = 0; value < 256; value++) {
        const bytes = hex(octets);
        bytes[at] = value;
        const request = parseNatPmpRequest(bytes);
        if (request) assert.deepEqual(parseNatPmpRequest(buildNatPmpRequest(request)), request);
        const response = parseNatPmpResponse(bytes);
        if (response) assert.deepEqual(plain(parseNatPmpResponse(buildNatPmpResponse(response))), plain(response));
      }
});

test('what does not fit its field is not written', () => {
  const map = { kind: 'map', protocol: 'udp', internalPort: 1, externalPort: 1, lifetime: 1 } as const;
  for (const change of [{ internalPort: 65_536 }, { externalPort: -1 }, { lifetime: 2 ** 32 }, { lifetime: 0.5 }])
    assert.throws(() => buildNatPmpRequest({ ...map, ...change }), RangeError, JSON.stringify(change));
  const response = { ...map, result: 0, epoch: 0 };
  for (const change of [{ result: 65_536 }, { epoch: -1 }, { lifetime: Number.NaN }])
    assert.throws(() => buildNatPmpResponse({ ...response, ...change }), RangeError, JSON.stringify(change));
  const address = new Uint8Array(16);
  assert.throws(() => buildNatPmpResponse({ kind: 'external-address', result: 0, epoch: 0, address }), RangeError);
});

test('results have their names', () => {
  assert.equal(natPmpResultName(2), 'Not Authorized/Refused');
  assert.equal(natPmpResultName(77), 'result 77');
});
