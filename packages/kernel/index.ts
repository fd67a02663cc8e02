export * from './data-plane.ts';
export type { Footing } from './guest/footing.ts';
export { type InMemoryDataPlane, inMemoryDataPlane } from './in-memory.ts';
export { NetlinkFailure } from './netlink/errno.ts';
export { type DataPlaneOptions, lookAround, openDataPlane } from './nft-data-plane.ts';
export { LoadFailed } from './nft-program.ts';
export { ownerRuleset, type Ruleset } from './ruleset.ts';
export { firstMasqueradePort } from './ruleset-parts.ts';
