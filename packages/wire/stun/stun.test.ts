import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressValue,
  attribute,
  buildStun,
  integrityHolds,
  messageType,
  parseStun,
  readAddressValue,
  xorAddressValue,
} from './index.ts';

const transaction = Uint8Array.from([0x21, 0x12, 0xa4, 0x42, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const text = (value: string) => Buffer.from(value, 'latin1');

/** A device's request for its binding, TR-069 G.2.1.3: CONNECTION-REQUEST-BINDING and a name of five characters. */
const request = Buffer.from(
  '00010024' +
    '2112a442000102030405060708090a0b' +
    `c0010014${text('dslforum.org/TR-111 ').toString('hex')}` +
    `00060005${text('hgw-1').toString('hex')}000000`,
  'hex',
);
const message = {
  type: messageType.bindingRequest,
  transaction,
  attributes: [
    { type: attribute.connectionRequestBinding, value: Uint8Array.from(text('dslforum.org/TR-111 ')) },
    { type: attribute.username, value: Uint8Array.from(text('hgw-1')) },
  ],
};

test('a binding request is read from its octets, and written to them', () => {
  assert.deepEqual(parseStun(request), message);
  assert.deepEqual(Buffer.from(buildStun(message)), request);
});

test('addresses, plain and hidden', () => {
  const seen = { address: Uint8Array.of(198, 51, 100, 7), port: 40_000 };
  assert.equal(Buffer.from(xorAddressValue(seen, transaction)).toString('hex'), '0001bd52e721c045');
  assert.equal(Buffer.from(addressValue(seen)).toString('hex'), '00019c40c6336407');
  assert.deepEqual(readAddressValue(addressValue(seen)), seen);
  const six = { address: Uint8Array.from({ length: 16 }, (_, index) => index), port: 1 };
  assert.deepEqual(readAddressValue(addressValue(six)), six);
  for (const value of ['', '00019c40c63364', '00029c40c6336407', '00039c40c6336407', '00019c40c633640700'])
    assert.equal(readAddressValue(Buffer.from(value, 'hex')), undefined);
});

test('integrity holds for the key that made it, in the old form and the new', () => {
  const whole = buildStun(message, 'secret');
  assert.ok(integrityHolds(whole, 'secret'));
  assert.ok(!integrityHolds(whole, 'Secret'));
  for (let at = 0; at < whole.length; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.ok(!integrityHolds(changed, 'secret'), `octet ${at}`);
  }
  // RFC 3489 11.2.8: zeros to whole blocks of 64.
  const before = Buffer.from(whole.subarray(0, -24));
  const filled = Buffer.concat([before, Buffer.alloc(64 - (before.length % 64))]);
  const old = Buffer.concat([whole.subarray(0, -20), createHmac('sha1', 'secret').update(filled).digest()]);
  assert.ok(integrityHolds(old, 'secret'));
  assert.ok(!integrityHolds(buildStun(message), 'secret'));
  assert.ok(!integrityHolds(Buffer.alloc(0), 'secret'));
});

test('any message is read as it was written', () => {
  const attributes = fc.array(
    fc.record({ type: fc.nat(0xffff), value: fc.uint8Array({ maxLength: 40 }) }, { noNullPrototype: true }),
    {
      maxLength: 8,
    },
  );
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(fc.nat(0x3fff), id, attributes, (type, of, list) => {
      const one = { type, transaction: of, attributes: list };
      assert.deepEqual(parseStun(buildStun(one)), one);
    }),
  );
});

test('any datagram is a message or none', () => {
  for (let length = 0; length < request.length; length++)
    assert.equal(parseStun(request.subarray(0, length)), undefined);
  fc.assert(
    fc.property(fc.nat(request.length - 1), fc.nat(255), (at, byte) => {
      const changed = Uint8Array.from(request);
      changed[at] = byte;
      const read = parseStun(changed);
      if (read) assert.equal(buildStun(read).length, changed.length);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void parseStun(bytes)));
  assert.equal(parseStun(Buffer.alloc(2_000)), undefined);
});
