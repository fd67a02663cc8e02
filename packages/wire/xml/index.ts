/** XML of device protocols: a bounded reader that refuses document types, and a writer that escapes everything. */
export { attributeOf, childOf, childrenOf, textOf, type XmlAttribute, type XmlElement } from './element.ts';
export { type XmlFault, XmlMalformed } from './malformed.ts';
export { defaultXmlLimits, readXml, type XmlLimits } from './reader.ts';
export { element, isXmlText, writeXml, type XmlNode } from './writer.ts';
