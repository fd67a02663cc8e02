import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostEnvelopeBytes } from './envelope.ts';
import { CwmpMalformed, readEnvelope, writeEnvelope } from './index.ts';
import { bareAnswer, oddInform, plainFault, samples } from './test/samples.ts';

test('every message is written as its vector, and read back from it', () => {
  for (const { envelope, body } of samples) {
    assert.equal(writeEnvelope(envelope), body, envelope.message.name);
    assert.deepEqual(readEnvelope(Buffer.from(body)), envelope);
  }
});

test('an envelope without an id has none', () => {
  const { envelope } = samples[0] ?? assert.fail();
  const { id: _, ...anonymous } = envelope;
  assert.deepEqual(readEnvelope(writeEnvelope(anonymous)), anonymous);
});

test('prefixes, white space, order and counts of a device do not matter', () => {
  const { namespace, id, message } = readEnvelope(oddInform);
  assert.equal(namespace, 'urn:dslforum-org:cwmp-1-2');
  assert.equal(id, '1');
  assert.deepEqual(message, {
    name: 'Inform',
    deviceId: { manufacturer: '', oui: '00d09e', productClass: '', serialNumber: '0002' },
    events: [{ code: '6 CONNECTION REQUEST', commandKey: '' }],
    currentTime: '0001-01-01T00:00:00',
    retryCount: 0,
    parameters: [
      {
        name: 'Device.ManagementServer.ConnectionRequestURL',
        value: 'http://192.0.2.9:7547/abc',
        type: 'string',
      },
      { name: 'Device.Odd', value: '', type: 'string' },
    ],
  });
});

test('answers without namespaces, status or details are read', () => {
  const answer = readEnvelope(bareAnswer);
  assert.deepEqual(answer.message, { name: 'AddObjectResponse', instanceNumber: 4, status: 0 });
  assert.equal(answer.id, '7');
  assert.deepEqual(readEnvelope(plainFault).message, { name: 'Fault', code: 0, message: 'busy', parameters: [] });
  assert.deepEqual(readEnvelope('<Envelope><Body><x:Kicked xmlns:x="urn:x"/></Body></Envelope>').message, {
    name: 'Other',
    method: 'Kicked',
  });
});

test('names that objects have are methods like others', () => {
  for (const method of ['constructor', '__proto__', 'toString'])
    assert.deepEqual(readEnvelope(`<Envelope><Body><${method}/></Body></Envelope>`).message, { name: 'Other', method });
});

test('what is no message is malformed, and says why', () => {
  const bomb = `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><Envelope><Body><Inform>&b;</Inform></Body></Envelope>`;
  const bodies: readonly (readonly [string, RegExp])[] = [
    ['', /empty/],
    ['<html><body>busy</body></html>', /no|not a SOAP envelope but <html>/],
    ['<Envelope><Header/></Envelope>', /without a message/],
    ['<Envelope><Body/></Envelope>', /without a message/],
    ['<Envelope><Body><Inform/></Body></Envelope>', /of which device/],
    [bomb, /document type/],
    [`<Envelope><Body>${'<a>'.repeat(20)}${'</a>'.repeat(20)}</Body></Envelope>`, /within each other/],
    [`<Envelope><Body>${'<a/>'.repeat(40_001)}</Body></Envelope>`, /more than 40000/],
    [`<Envelope><Body><a>${'x'.repeat(mostEnvelopeBytes)}</a></Body></Envelope>`, /long/],
    [
      '<Envelope><Body><AddObjectResponse><InstanceNumber>0</InstanceNumber></AddObjectResponse></Body></Envelope>',
      /InstanceNumber "0"/,
    ],
    [
      '<Envelope><Body><AddObjectResponse><InstanceNumber>4294967296</InstanceNumber></AddObjectResponse></Body></Envelope>',
      /InstanceNumber/,
    ],
    ['<Envelope><Body><DeleteObjectResponse><Status>-1</Status></DeleteObjectResponse></Body></Envelope>', /Status/],
  ];
  for (const [body, why] of bodies)
    assert.throws(
      () => readEnvelope(body),
      (error) => error instanceof CwmpMalformed && why.test(error.message),
      body.slice(0, 80),
    );
});

test('a body that is cut off anywhere is malformed', () => {
  for (const { body } of samples)
    for (let length = 0; length < body.length; length += 7)
      assert.throws(() => readEnvelope(body.slice(0, length)), CwmpMalformed);
});
