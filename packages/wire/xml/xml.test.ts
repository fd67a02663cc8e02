import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attributeOf, childOf, childrenOf, readXml, textOf, type XmlLimits, XmlMalformed } from './index.ts';

const refusal = (input: string | Uint8Array, limits?: Partial<XmlLimits>): XmlMalformed => {
  try {
    readXml(input, limits);
  } catch (error) {
    if (error instanceof XmlMalformed) return error;
    throw error;
  }
  return assert.fail(`taken: ${String(input).slice(0, 80)}`);
};

describe('what is read', () => {
  test('a fault of a gateway, pretty-printed, under a prefix of its own', () => {
    const fault = readXml(`<?xml version="1.0"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">
  <SOAP-ENV:Body>
    <SOAP-ENV:Fault>
      <faultcode>SOAP-ENV:Client</faultcode>
      <detail>
        <UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
          <errorCode>
            718
          </errorCode>
          <errorDescription><![CDATA[Conflict <in> mapping]]></errorDescription>
        </UPnPError>
      </detail>
    </SOAP-ENV:Fault>
  </SOAP-ENV:Body>
</SOAP-ENV:Envelope>`);
    assert.equal(fault.name, 'Envelope');
    assert.equal(fault.namespace, 'http://schemas.xmlsoap.org/soap/envelope/');
    const told = ['Body', 'Fault', 'detail', 'UPnPError'].reduce(
      (at, name) => childOf(at, name) ?? assert.fail(),
      fault,
    );
    assert.equal(told.namespace, 'urn:schemas-upnp-org:control-1-0');
    assert.equal(textOf(told, 'errorCode'), '718');
    assert.equal(textOf(told, 'errorDescription'), 'Conflict <in> mapping');
    assert.equal(textOf(told, 'nothing'), undefined);
  });

  test('namespaces bind by scope, not by prefix', () => {
    const root = readXml('<a:x xmlns:a="urn:1" xmlns="urn:0"><a:x xmlns:a="urn:2" a:k="1" k="2"/><x/><b:x/></a:x>');
    assert.deepEqual(
      root.children.map(({ namespace }) => namespace),
      ['urn:2', 'urn:0', 'unbound:b'],
    );
    const [first] = root.children;
    assert.ok(first);
    assert.equal(attributeOf(first, 'k', 'urn:2'), '1');
    assert.equal(attributeOf(first, 'k', ''), '2');
    assert.equal(childOf(root, 'x', 'urn:0'), root.children[1]);
    assert.equal(childrenOf(root, 'x').length, 3);
  });

  test('text is what stands between tags, references and CDATA resolved, comments left out', () => {
    const text = 'a&amp;b &lt;&#65;&#x42;\r\nc<!-- not this --><?nor this?><![CDATA[&amp;]]]]>';
    assert.equal(readXml(`<t>${text}</t>`).text, 'a&b <AB\nc&amp;]]');
  });

  test('what devices put around a document', () => {
    assert.equal(readXml('\ufeff\r\n <?xml version="1.0"?>\n<a>1</a>\n').text, '1');
    assert.equal(readXml('<a>1</a>\0\0').text, '1');
    assert.equal(readXml(Buffer.from('\ufeff<a>é</a>', 'utf8')).text, 'é');
    assert.equal(readXml(Buffer.from('\ufeff<a>é</a>', 'utf16le')).text, 'é');
    assert.equal(readXml(Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>', 'latin1')).text, 'é');
    assert.equal(readXml(Buffer.from('<a>é</a>', 'latin1')).text, '\ufffd');
    assert.equal(readXml('<?xml version="1.1"?><a/>').text, '');
  });

  test('names that objects have are names like others', () => {
    const root = readXml('<constructor __proto__="1" toString="2"><__proto__ hasOwnProperty="3"/></constructor>');
    assert.equal(attributeOf(root, '__proto__'), '1');
    assert.equal(attributeOf(root, 'constructor'), undefined);
    assert.equal(childOf(root, '__proto__')?.attributes[0]?.value, '3');
    assert.equal(refusal('<a>&constructor;</a>').fault, 'not-well-formed');
  });
});

describe('what is refused', () => {
  test('every document type, so every entity of its own', () => {
    const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>`;
    const outside = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>';
    const parameter = '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/"> %p;]><a/>';
    for (const text of [laughs, outside, parameter, '<!DOCTYPE a><a/>', ` ${laughs}`])
      assert.equal(refusal(text).fault, 'doctype', text);
    assert.equal(refusal('<a>&b;</a>').fault, 'not-well-formed');
  });

  test('too long, too deep, too much, at once', () => {
    assert.equal(refusal(`<a>${'x'.repeat(400_000)}</a>`).fault, 'limit');
    assert.equal(refusal(Buffer.alloc(300_000, 'é')).fault, 'limit');
    const deep = refusal('<a>'.repeat(80_000));
    assert.deepEqual([deep.fault, deep.offset], ['limit', 99]);
    assert.equal(refusal(`<a>${'<b/>'.repeat(9_000)}</a>`).fault, 'limit');
    const attributes = Array.from({ length: 9_000 }, (_, n) => `a${n}=""`).join(' ');
    assert.equal(refusal(`<a ${attributes}/>`).fault, 'limit');
    const namespaces = Array.from({ length: 9_000 }, (_, n) => `xmlns:a${n}="u"`).join(' ');
    assert.equal(refusal(`<a ${namespaces}/>`).fault, 'limit');
  });

  test('a limit is reached before it is passed', () => {
    const limits = { mostSize: 23, mostDepth: 2, mostNodes: 4 };
    assert.equal(readXml('<a><b c=""/><b></b></a>', limits).children.length, 2);
    assert.equal(refusal('<a><b c=""/><b></b ></a>', limits).offset, 23);
    assert.equal(refusal('<a><b><c/></b></a>', limits).fault, 'limit');
    assert.equal(refusal('<a><b/><b/><b/><b/></a>', limits).fault, 'limit');
  });

  test('what is no XML, with where', () => {
    const cases: readonly (readonly [string, number | undefined])[] = [
      ['', 0],
      ['  \n', 0],
      ['plain', undefined],
      ['<a><b></a>', 10],
      ['<a></a><b/>', undefined],
      ['<a>', undefined],
      ['<a b=c/>', undefined],
      ['<a b="1" b="2"/>', undefined],
      ['<a>AT&T</a>', undefined],
      ['<a>\u0001</a>', undefined],
      ['<a>&#0;</a>', undefined],
      ['<?xml version="1.0"?>', undefined],
      ['{"a":1}', undefined],
      ['<html><br></html>', undefined],
    ];
    for (const [text, offset] of cases) {
      const { fault, offset: at } = refusal(text);
      assert.equal(fault, 'not-well-formed', text);
      if (offset !== undefined) assert.equal(at, offset, text);
      assert.ok(at >= 0 && at <= text.length + 1, text);
    }
  });
});
