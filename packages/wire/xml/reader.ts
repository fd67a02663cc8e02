import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { decodeXml } from './decode.ts';
import type { XmlAttribute, XmlElement } from './element.ts';
import { XmlMalformed } from './malformed.ts';

/** What a text may have at most. */
export interface XmlLimits {
  /** Octets of the input, or characters of a text. */
  readonly mostSize: number;
  /** Elements within each other; the root is 1. */
  readonly mostDepth: number;
  /** Elements and attributes together, namespace declarations included. */
  readonly mostNodes: number;
}

/** Limits that fit an answer of a device about a few things. */
export const defaultXmlLimits: XmlLimits = { mostSize: 262_144, mostDepth: 32, mostNodes: 8_192 };

interface Growing {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  text: string;
}

const declaration = 'http://www.w3.org/2000/xmlns/';

/**
 * Reads one document (XML 1.0 with namespaces). Refuses every DOCTYPE, so that there is no entity but the five that XML
 * has; comments and processing instructions are passed over. Stops at the first fault or limit. Takes what devices do
 * about it: white space or a byte order mark before the declaration, NULs after the end, prefixes declared nowhere.
 * Throws {@link XmlMalformed}.
 */
export function readXml(input: Uint8Array | string, limits: Partial<XmlLimits> = {}): XmlElement {
  const { mostSize, mostDepth, mostNodes } = { ...defaultXmlLimits, ...limits };
  if (input.length > mostSize) throw new XmlMalformed('limit', `more than ${mostSize} long`, mostSize);
  const whole = typeof input === 'string' ? input : decodeXml(input);
  const begin = whole.search(/[^\s\ufeff]/);
  if (begin < 0) throw new XmlMalformed('not-well-formed', 'empty', 0);

  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
    resolvePrefix: (prefix: string) => (prefix === '' ? '' : `unbound:${prefix}`),
  });
  const fault = (kind: XmlMalformed['fault'], message: string) =>
    new XmlMalformed(kind, message, begin + parser.position);
  let nodes = 0;
  const count = () => {
    if (++nodes > mostNodes) throw fault('limit', `more than ${mostNodes} elements and attributes`);
  };
  const open: Growing[] = [];
  let root: XmlElement | undefined;
  const addText = (text: string) => {
    const innermost = open.at(-1);
    if (innermost) innermost.text += text;
  };

  parser.on('error', ({ message }) => {
    throw fault('not-well-formed', message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw fault('doctype', 'a document type is declared');
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    count();
    if (open.length >= mostDepth) throw fault('limit', `more than ${mostDepth} elements within each other`);
    const attributes: XmlAttribute[] = [];
    for (const name in tag.attributes) {
      const { local, uri, value } = tag.attributes[name] as SaxesAttributeNS;
      count();
      if (uri !== declaration) attributes.push({ name: local, namespace: uri, value });
    }
    const element: Growing = { name: tag.local, namespace: tag.uri, attributes, children: [], text: '' };
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    else root = element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.write(whole.slice(begin, endOf(whole))).close();
  if (!root) throw fault('not-well-formed', 'no element');
  return root;
}

/** Where white space and NULs after a document begin. Not by a pattern: those try every run of spaces to its end. */
function endOf(text: string): number {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) <= 0x20) end--;
  return end;
}
