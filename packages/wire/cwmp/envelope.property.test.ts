import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isXmlText } from '../xml/index.ts';
import { CwmpMalformed, type CwmpMessage, cwmpNamespaces, readEnvelope, writeEnvelope } from './index.ts';
import { samples } from './test/samples.ts';

/** Objects as the reader makes them: with the prototype that objects have. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });

/** Text as a parameter has it: white space around a name or a key is not kept. */
const text = fc.string({ unit: 'binary', maxLength: 24 }).filter((each) => isXmlText(each) && !each.includes('\r'));
const trimmed = text.map((each) => each.trim());
const named = trimmed.filter((each) => each !== '');
const value = record({ name: named, value: text, type: fc.constantFrom('string', 'boolean', 'unsignedInt') });

const message: fc.Arbitrary<CwmpMessage> = fc.oneof(
  record({ name: fc.constant('GetParameterValues' as const), names: fc.array(trimmed, { maxLength: 5 }) }),
  record({ name: fc.constant('GetParameterValuesResponse' as const), values: fc.array(value, { maxLength: 5 }) }),
  record({
    name: fc.constant('SetParameterValues' as const),
    values: fc.array(value, { maxLength: 5 }),
    parameterKey: trimmed,
  }),
  record({ name: fc.constant('AddObject' as const), objectName: trimmed, parameterKey: trimmed }),
  record({
    name: fc.constant('AddObjectResponse' as const),
    instanceNumber: fc.integer({ min: 1, max: 0xffffffff }),
    status: fc.constantFrom(0, 1),
  }),
  record({
    name: fc.constant('Fault' as const),
    code: fc.nat(9_999),
    message: trimmed,
    parameters: fc.array(record({ name: trimmed, code: fc.nat(9_999), message: trimmed }), { maxLength: 3 }),
  }),
  record({
    name: fc.constant('Inform' as const),
    deviceId: record({ manufacturer: trimmed, oui: named, productClass: trimmed, serialNumber: named }),
    events: fc.array(record({ code: trimmed, commandKey: trimmed }), { maxLength: 4 }),
    currentTime: trimmed,
    retryCount: fc.nat(100),
    parameters: fc.array(value, { maxLength: 5 }),
  }),
);

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(message, fc.constantFrom(...cwmpNamespaces), named, (each, namespace, id) => {
      const envelope = { namespace, id, message: each };
      assert.deepEqual(readEnvelope(writeEnvelope(envelope)), envelope);
    }),
  );
});

test('a body with a stretch of it changed is a message or malformed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.nat(2_000),
      fc.nat(40),
      fc.string({ unit: 'binary', maxLength: 12 }),
      ({ body }, at, length, instead) => {
        const begin = at % body.length;
        const changed = body.slice(0, begin) + instead + body.slice(begin + length);
        try {
          assert.equal(typeof readEnvelope(changed).message.name, 'string');
        } catch (error) {
          assert.ok(error instanceof CwmpMalformed, String(error));
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
