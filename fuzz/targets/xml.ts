import {
  defaultXmlLimits,
  element,
  readXml,
  writeXml,
  type XmlElement,
  XmlMalformed,
  type XmlNode,
} from '@sluice/wire/xml';
import { pieces, tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';

const soap = (body: string) =>
  `<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`;

/** XML of devices: `readXml`, and what was read written again. */
export const xml: Target = {
  name: 'xml',
  mostBytes: 65_536,
  seeds: bytesOf(
    soap('<u:GetResponse xmlns:u="urn:a"><New>1</New></u:GetResponse>'),
    soap('<s:Fault><faultcode>s:Client</faultcode>\r\n<detail><e a="&#65;&amp;" xmlns="urn:b"/></detail></s:Fault>'),
    `<a>${' '.repeat(30_000)}</a>`,
    '<!-- c --><a xml:lang="en" b:c="d"><![CDATA[<&]]]]><?x y?>é\u{1f600}</a>\0',
  ),
  nearSeeds: bytesOf('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<a><b></a></b>', '<a>&c;</a>', '<a b="1" b="1"/>'),
  words: [
    ...[
      '<!DOCTYPE a [',
      '<!ENTITY a "b">',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?xml version="1.0" encoding="utf-16"?>',
    ],
    ...[
      '&amp;',
      '&#x10ffff;',
      '&#0;',
      'xmlns=""',
      'xmlns:a="urn:a"',
      '__proto__',
      '<a>',
      '</a>',
      '<a/>',
      '\0',
      '\ufeff',
    ],
  ],
  mutators: [pieces(/<[^>]*>|[^<]+|</g), tokens],
  feed(input) {
    let root: XmlElement;
    try {
      root = readXml(input);
    } catch (error) {
      if (!(error instanceof XmlMalformed)) throw error;
      promise(error.offset >= 0, 'what is malformed is somewhere');
      return refused(error.message.replace(/\d+|".*"/g, ''));
    }
    const depth = depthOf(root);
    promise(depth <= defaultXmlLimits.mostDepth, 'no document is deeper than its limit');
    const shape = outline(root);
    // Escaping makes it longer, and never more than six times.
    const again = readXml(writeXml(shape), { mostSize: 6 * defaultXmlLimits.mostSize });
    promise(writeXml(outline(again)) === writeXml(shape), 'a text stays the same when written and read');
    return taken(`depth ${depth}`);
  },
};

/** The texts of a document, under names that can be written whatever they were. */
function outline({ attributes, children, text }: XmlElement): XmlNode {
  const values = Object.fromEntries(attributes.map(({ value }, index) => [`a${index}`, value]));
  return element('e', [text, ...children.map(outline)], values);
}

function depthOf({ children }: XmlElement): number {
  return 1 + Math.max(0, ...children.map(depthOf));
}
