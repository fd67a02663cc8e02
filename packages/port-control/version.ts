import type { Instant } from '@sluice/model';

/** What is known of how a gateway can be spoken to on port 5351. */
export type SpokenVersion =
  | { readonly kind: 'pcp' }
  /** Of another version, since when that was learnt: 0 is NAT-PMP. */
  | { readonly kind: 'other'; readonly version: number; readonly at: Instant };

/** A gateway of another version may have been replaced by a newer one: asked again after this (RFC 6887 9), ms. */
const askAgainMs = 30 * 60_000;

/** Whether a gateway is to be asked, again, which version it speaks. */
export function versionIsOpen(known: SpokenVersion | undefined, now: Instant): boolean {
  return known === undefined || (known.kind === 'other' && now - known.at >= askAgainMs);
}

/** What an answer teaches; `otherVersion` is that of an UNSUPP_VERSION answer, undefined for an answer of version 2. */
export function learntVersion(otherVersion: number | undefined, now: Instant): SpokenVersion {
  return otherVersion === undefined ? { kind: 'pcp' } : { kind: 'other', version: otherVersion, at: now };
}
