import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type ActionRequest,
  buildAnswer,
  buildFault,
  buildRequest,
  getExternalAddress,
  IgdMalformed,
  parseAnswer,
  parseRequest,
  soapActionOf,
} from './index.ts';
import { answers, conflict } from './test/miniupnpd.ts';

const service = 'urn:schemas-upnp-org:service:WANIPConnection:1';
const ask = getExternalAddress(service);

describe('requests', () => {
  test('as real stacks take them', () => {
    const request: ActionRequest = {
      service,
      action: 'AddPortMapping',
      args: [
        ['NewRemoteHost', ''],
        ['NewProtocol', 'UDP'],
      ],
    };
    assert.equal(soapActionOf(request), '"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping"');
    assert.equal(
      buildRequest(request),
      '<?xml version="1.0" encoding="utf-8"?>' +
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
        '<u:AddPortMapping xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">' +
        '<NewRemoteHost></NewRemoteHost><NewProtocol>UDP</NewProtocol>' +
        '</u:AddPortMapping></s:Body></s:Envelope>',
    );
  });

  test('read with their header', () => {
    const body = buildRequest(ask);
    assert.deepEqual(parseRequest(soapActionOf(ask), body), ask);
    assert.deepEqual(parseRequest(`${service}#GetExternalIPAddress`, body), ask);
    for (const header of ['', '"#"', `"${service}#GetStatusInfo"`, service])
      assert.throws(() => parseRequest(header, body), IgdMalformed, header);
  });
});

describe('answers', () => {
  const fault = { kind: 'fault', code: 718, description: 'ConflictInMappingEntry' };

  test("miniupnpd's", () => {
    const answer = parseAnswer(ask, Buffer.from(answers.externalAddress));
    assert.ok(answer.kind === 'values');
    assert.deepEqual([...answer.values], [['NewExternalIPAddress', '203.0.114.1']]);
    assert.deepEqual(parseAnswer(ask, Buffer.from(conflict)), fault);
    const added = parseAnswer({ service, action: 'AddPortMapping', args: [] }, answers.added);
    assert.ok(added.kind === 'values' && added.values.size === 0);
  });

  test('with other prefixes, namespaces and white space', () => {
    const odd = `\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">
      <SOAP-ENV:Body>
        <m:GetExternalIPAddressResponse>
          <NewExternalIPAddress>
            203.0.114.1
          </NewExternalIPAddress><NewExternalIPAddress>203.0.114.2</NewExternalIPAddress>
        </m:GetExternalIPAddressResponse>
      </SOAP-ENV:Body></SOAP-ENV:Envelope>\0`;
    const answer = parseAnswer(ask, odd);
    assert.equal(answer.kind === 'values' && answer.values.get('NewExternalIPAddress'), '203.0.114.1');
    const bare =
      '<Envelope><Body><Fault><faultstring>UPnPError</faultstring><UPnPError><errorCode>718</errorCode></UPnPError></Fault></Body></Envelope>';
    assert.deepEqual(parseAnswer(ask, bare), { ...fault, description: 'UPnPError' });
    const silent = '<Envelope><Body><Fault><faultstring>Oops</faultstring></Fault></Body></Envelope>';
    assert.deepEqual(parseAnswer(ask, silent), { kind: 'fault', code: undefined, description: 'Oops' });
  });

  test('that are none', () => {
    for (const body of [
      answers.status,
      '',
      '<html>Not found</html>',
      '<s:Envelope xmlns:s="s"/>',
      '<s:Envelope xmlns:s="s"><s:Body/></s:Envelope>',
      `<!DOCTYPE a [<!ENTITY a "${'lol'.repeat(10)}">]>${answers.externalAddress.slice(23)}`,
      answers.externalAddress.replace('</s:Body>', ''),
      `<a>${'x'.repeat(1_000_000)}</a>`,
    ])
      assert.throws(() => parseAnswer(ask, Buffer.from(body)), IgdMalformed, body.slice(0, 80));
  });

  test('cut short are none', () => {
    for (let length = 0; length < answers.externalAddress.trimEnd().length; length += 7)
      assert.throws(() => parseAnswer(ask, Buffer.from(answers.externalAddress).subarray(0, length)), IgdMalformed);
  });
});

const name = fc.stringMatching(/^[A-Z][A-Za-z]{0,12}$/);
const value = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replace(/\p{Cc}|\p{Cs}/gu, '').trim());
const args = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 8 });

test('requests, answers and faults are read as they were written', () => {
  fc.assert(
    fc.property(name, args, fc.integer({ min: 100, max: 999 }), value, (action, args, code, words) => {
      const request = { service, action, args };
      assert.deepEqual(parseRequest(soapActionOf(request), buildRequest(request)), request);
      const answer = parseAnswer(request, buildAnswer(request, args));
      assert.ok(answer.kind === 'values');
      assert.deepEqual([...answer.values], args);
      assert.deepEqual(parseAnswer(request, buildFault(code, words)), { kind: 'fault', code, description: words });
    }),
  );
});
