/** An element to be written, with its prefix, and its namespaces declared by attributes. */
export interface XmlNode {
  /** "s:Envelope". */
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Elements and texts in order, or one text. */
  readonly content?: string | readonly (XmlNode | string)[];
}

/** Makes an {@link XmlNode}. */
export function element(
  name: string,
  content: string | readonly (XmlNode | string)[] = [],
  attributes: Readonly<Record<string, string>> = {},
): XmlNode {
  return { name, attributes, content };
}

/**
 * Writes a document in UTF-8, without white space of its own; every text and value is escaped. Throws RangeError for
 * what XML has no way to write: names that are none, and texts for which {@link isXmlText} is false.
 */
export function writeXml(root: XmlNode): string {
  return `<?xml version="1.0" encoding="utf-8"?>${write(root)}`;
}

/** Whether XML 1.0 can carry a text: no control characters but tab and line ends, no half surrogates (2.2). */
export function isXmlText(text: string): boolean {
  return text.isWellFormed() && !unwritable.test(text);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 2.2 excludes them by number.
const unwritable = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

// Device protocols use no other names.
const qualifiedName = /^(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*$/;

function write({ name, attributes = {}, content = [] }: XmlNode): string {
  if (!qualifiedName.test(name)) throw new RangeError(`not a name in XML: ${JSON.stringify(name)}`);
  let start = name;
  for (const [key, value] of Object.entries(attributes)) {
    if (!qualifiedName.test(key)) throw new RangeError(`not a name in XML: ${JSON.stringify(key)}`);
    start += ` ${key}="${escaped(value, /[&<>"\t\n\r]/g)}"`;
  }
  const parts = typeof content === 'string' ? [content] : content;
  const inside = parts.map((part) => (typeof part === 'string' ? escaped(part, /[&<>\r]/g) : write(part))).join('');
  // Never "<a/>": some devices do not know it.
  return `<${start}>${inside}</${name}>`;
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // As they are, readers turn these into spaces or line feeds (XML 1.0 2.11, 3.3.3).
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function escaped(text: string, special: RegExp): string {
  if (!isXmlText(text)) throw new RangeError('a text that XML has no way to write');
  return text.replace(special, (character) => references[character] ?? character);
}
