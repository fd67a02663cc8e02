/** Why bytes are not an acceptable USP record or message. */
export type WireReason =
  /** Longer than the limit given, or of more fields than are taken. */
  | 'too-large'
  /** The bytes end inside a field. */
  | 'truncated'
  /** Not the protobuf wire format: field number 0, a varint over ten bytes, a group, a wire type that does not fit. */
  | 'wire-format'
  /** A string field is not UTF-8. */
  | 'not-utf8'
  /** An enumeration has a number that TR-369 does not name (R-ENC.2). */
  | 'unknown-enum'
  /** Two members of one choice (R-ENC.4, R-ENC.5). */
  | 'choice-repeated'
  /** No member of a choice that must have one. */
  | 'choice-missing'
  /** A mandatory field is absent or empty. */
  | 'field-missing'
  /** The record's version is not 1.x. */
  | 'version'
  /** An endpoint id does not follow TR-369 "Endpoint Identifier". */
  | 'endpoint-id';

/** What is wrong, and where: `offset` counts bytes from the start of what was decoded. */
export interface WireFailure {
  readonly reason: WireReason;
  readonly message: string;
  readonly offset: number;
}

/** A value, or why there is none. Decoding never throws. */
export type Decoded<T, F = WireFailure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: F };

/** Makes the unhappy half of {@link Decoded}. */
export function failed(
  reason: WireReason,
  message: string,
  offset: number,
): { readonly ok: false; readonly failure: WireFailure } {
  return { ok: false, failure: { reason, message, offset } };
}
