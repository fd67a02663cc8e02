/**
 * Why our gateway refuses an opening, in USP error codes: the vendor range, 7800..7999, and 7025 where TR-369 has
 * a code of its own. Names are Sluice's stable refusal codes (docs/errors.md).
 */
export const refusalErrors = [
  [7025, 'port-in-use'],
  [7800, 'target-is-gateway'],
  [7801, 'local-address-outside-home'],
  [7802, 'address-not-unicast'],
  [7803, 'port-denied'],
  [7804, 'ports-exhausted'],
  [7805, 'quota-exceeded'],
  [7806, 'lease-too-long'],
  [7807, 'remote-denied'],
  [7808, 'device-not-found'],
  [7809, 'paused'],
  [7810, 'path-mismatch'],
  [7811, 'port-invalid'],
  [7812, 'consent-missing'],
  [7813, 'consent-invalid'],
  [7814, 'consent-expired'],
  [7815, 'consent-replayed'],
  [7816, 'consent-elsewhere'],
] as const;

/** A refusal that a gateway can give over USP. */
export type GatewayRefusal = (typeof refusalErrors)[number][1];

/** A USP error code of {@link refusalErrors}. */
export type RefusalErrorCode = (typeof refusalErrors)[number][0];

const codes = new Map<string, RefusalErrorCode>(refusalErrors.map(([code, name]) => [name, code]));
const names = new Map<number, GatewayRefusal>(refusalErrors.map(([code, name]) => [code, name]));

/** The USP error code for a refusal; undefined where it has none. */
export function errorOfRefusal(refusal: string): RefusalErrorCode | undefined {
  return codes.get(refusal);
}

/** The refusal that a USP error code stands for; undefined where it is an ordinary USP error. */
export function refusalOfError(code: number): GatewayRefusal | undefined {
  return names.get(code);
}
