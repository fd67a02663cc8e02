import type { Prefix } from './address.ts';

/** What is known of a portal. */
export interface PortalRegistration {
  /** Its endpoint id. */
  readonly portalId: string;
  /** Where the streams may come from that it asks for: the addresses of its own media servers. */
  readonly remotes: readonly Prefix[];
}
