import { childOf, element, readXml, textOf, writeXml, type XmlElement, XmlMalformed } from '../xml/index.ts';
import { CwmpMalformed } from './malformed.ts';
import type { CwmpEnvelope } from './messages.ts';
import { cwmpNamespaces, oldestNamespace, soapEncoding, soapEnvelope, xmlSchema, xmlSchemaInstance } from './names.ts';
import { readMessage } from './read-message.ts';
import { writeMessage } from './write-message.ts';

/** Longest body that is read, in octets: some thousand parameters. */
export const mostEnvelopeBytes = 512 * 1024;

/**
 * Reads one body of CWMP. Elements are known by their local names, whatever their prefixes, order and white space;
 * counts in `arrayType` are not believed. Throws {@link CwmpMalformed}.
 */
export function readEnvelope(bytes: Uint8Array | string): CwmpEnvelope {
  const root = parse(bytes);
  if (root.name !== 'Envelope') throw new CwmpMalformed(`not a SOAP envelope but <${shown(root.name)}>`);
  const message = childOf(root, 'Body')?.children[0];
  if (!message) throw new CwmpMalformed('an envelope without a message');
  const header = childOf(root, 'Header');
  const id = header && textOf(header, 'ID');
  return {
    namespace: namespaceOf(message) ?? (header && namespaceOf(header)) ?? oldestNamespace,
    ...(id !== undefined && id !== '' && { id: id.slice(0, 256) }),
    message: readMessage(message),
  };
}

/**
 * Writes one body, without an XML declaration: UTF-8 needs none, and there are devices that put the body into an element
 * of their own before they read it. Throws RangeError on text that XML cannot carry.
 */
export function writeEnvelope({ namespace, id, message }: CwmpEnvelope): string {
  const header =
    id === undefined ? [] : [element('soap-env:Header', [element('cwmp:ID', id, { 'soap-env:mustUnderstand': '1' })])];
  const text = writeXml(
    element('soap-env:Envelope', [...header, element('soap-env:Body', [writeMessage(message)])], {
      'xmlns:soap-env': soapEnvelope,
      'xmlns:soap-enc': soapEncoding,
      'xmlns:xsd': xmlSchema,
      'xmlns:xsi': xmlSchemaInstance,
      'xmlns:cwmp': namespace,
    }),
  );
  return text.slice(text.indexOf('?>') + 2);
}

function parse(bytes: Uint8Array | string): XmlElement {
  try {
    return readXml(bytes, { mostSize: mostEnvelopeBytes, mostDepth: 16, mostNodes: 40_000 });
  } catch (error) {
    if (error instanceof XmlMalformed) throw new CwmpMalformed(error.message, { cause: error });
    throw error;
  }
}

/** The CWMP namespace that an element, or one inside it, is in; the fault's stands inside its detail. */
function namespaceOf(top: XmlElement): string | undefined {
  const inside = [top, ...top.children, ...top.children.flatMap(({ children }) => children.slice(0, 4))];
  const namespaces = inside.slice(0, 64).map(({ namespace }) => namespace);
  return namespaces.find((namespace) => cwmpNamespaces.includes(namespace));
}

function shown(name: string): string {
  return name.slice(0, 40);
}
