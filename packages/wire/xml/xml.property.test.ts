import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { element, isXmlText, readXml, writeXml, type XmlElement, XmlMalformed, type XmlNode } from './index.ts';

const name = fc.stringMatching(/^[A-Za-z_][\w.-]{0,12}$/).filter((text) => !/^xml/i.test(text));
const text = fc.string({ unit: 'binary', maxLength: 24 }).filter(isXmlText);

const { node } = fc.letrec<{ node: XmlNode }>((tie) => ({
  node: fc
    .record({
      name,
      attributes: fc.dictionary(name, text, { maxKeys: 4 }),
      content: fc.array(fc.oneof(text, tie('node')), { maxLength: 4, depthIdentifier: 'xml' }),
    })
    .map(({ name, content, attributes }) => element(name, content, attributes)),
}));

/** What a node is when read. */
function read({ name, attributes = {}, content = [] }: XmlNode): XmlElement {
  const parts = typeof content === 'string' ? [content] : content;
  return {
    name,
    namespace: '',
    attributes: Object.entries(attributes).map(([key, value]) => ({ name: key, namespace: '', value })),
    children: parts.filter((part) => typeof part !== 'string').map(read),
    text: parts.filter((part) => typeof part === 'string').join(''),
  };
}

test('what is written is read as it was', () => {
  fc.assert(fc.property(node, (root) => assert.deepEqual(plain(readXml(writeXml(root))), plain(read(root)))));
});

test('no text gets out of its place', () => {
  fc.assert(
    fc.property(text, text, (value, inside) => {
      const root = readXml(writeXml(element('a', inside, { b: value })));
      assert.deepEqual([root.attributes[0]?.value, root.text, root.children.length], [value, inside, 0]);
    }),
  );
});

test('any text is an element or is malformed', () => {
  const pieces = [
    '<',
    '>',
    '</',
    '/>',
    '<!DOCTYPE',
    '<![CDATA[',
    ']]>',
    '&',
    ';',
    '"',
    '=',
    'a',
    'xmlns:',
    ' ',
    '<?xml',
  ];
  const noise = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 4 })));
  fc.assert(
    fc.property(noise, (parts) => {
      const input = parts.join('');
      try {
        assert.equal(typeof readXml(input).name, 'string');
      } catch (error) {
        assert.ok(error instanceof XmlMalformed, String(error));
        assert.ok(error.offset <= input.length + 1);
      }
    }),
    { numRuns: 500 },
  );
});

test('what XML cannot carry is not written', () => {
  for (const bad of ['\0', '\x1b', '\ufffe', '\ud800', 'a\udc00'])
    assert.throws(() => writeXml(element('a', bad)), RangeError);
  for (const bad of ['', 'a b', '1a', 'a:b:c', 'a>', '-']) {
    assert.throws(() => writeXml(element(bad)), RangeError);
    assert.throws(() => writeXml(element('a', '', { [bad]: '' })), RangeError);
  }
});

/** Without prototypes and accessors, for comparison. */
function plain(value: XmlElement): unknown {
  return JSON.parse(JSON.stringify(value));
}
