/** An element as it was read. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** URI; "" where there is none; `unbound:` and the prefix where the prefix is declared nowhere. */
  readonly namespace: string;
  /** Namespace declarations left out. */
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** The characters directly in it, CDATA sections included, white space as it stands, line ends as `\n`. */
  readonly text: string;
}

/** An attribute as it was read. */
export interface XmlAttribute {
  readonly name: string;
  /** As of an element; an attribute without a prefix has none ("Namespaces in XML" 6.2). */
  readonly namespace: string;
  readonly value: string;
}

/** The first child of that name; in that namespace where one is given, else in any. */
export function childOf(element: XmlElement, name: string, namespace?: string): XmlElement | undefined {
  return element.children.find((child) => isNamed(child, name, namespace));
}

/** Every child of that name, in document order. */
export function childrenOf(element: XmlElement, name: string, namespace?: string): readonly XmlElement[] {
  return element.children.filter((child) => isNamed(child, name, namespace));
}

/** The text of the first child of that name, without white space around it; undefined where there is no such child. */
export function textOf(element: XmlElement, name: string, namespace?: string): string | undefined {
  return childOf(element, name, namespace)?.text.trim();
}

/** The value of the first attribute of that name. */
export function attributeOf(element: XmlElement, name: string, namespace?: string): string | undefined {
  return element.attributes.find((attribute) => isNamed(attribute, name, namespace))?.value;
}

function isNamed(node: XmlElement | XmlAttribute, name: string, namespace: string | undefined): boolean {
  return node.name === name && (namespace === undefined || node.namespace === namespace);
}
