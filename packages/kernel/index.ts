export * from './data-plane.ts';
export { type InMemoryDataPlane, inMemoryDataPlane } from './in-memory.ts';
export { NetlinkFailure } from './netlink/errno.ts';
export { type DataPlaneOptions, LoadFailed, openDataPlane } from './nft-data-plane.ts';
export { firstMasqueradePort, ownerRuleset, type Ruleset } from './ruleset.ts';
