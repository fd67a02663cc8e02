/**
 * Why a text is not taken: it is no XML (`not-well-formed`), declares a document type (`doctype`, the way to entity
 * definitions), or is larger, deeper or fuller than allowed (`limit`).
 */
export type XmlFault = 'not-well-formed' | 'doctype' | 'limit';

/** A text from outside that is not taken. */
export class XmlMalformed extends Error {
  override readonly name = 'XmlMalformed';
  readonly fault: XmlFault;
  /** Where in the text, in UTF-16 units after decoding; for a limit on size, that limit. */
  readonly offset: number;
  constructor(fault: XmlFault, message: string, offset: number) {
    super(`${message} (at character ${offset})`);
    this.fault = fault;
    this.offset = offset;
  }
}
