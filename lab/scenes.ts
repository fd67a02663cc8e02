import { carrierNat } from './topologies/carrier-nat.ts';
import { doubleNat } from './topologies/double-nat.ts';
import { home } from './topologies/home.ts';
import { ipv6Only } from './topologies/ipv6-only.ts';
import { sameHome } from './topologies/same-home.ts';
import type { Scene } from './topologies/scene.ts';
import { split } from './topologies/split.ts';
import { splitInside } from './topologies/split-inside.ts';
import { twoHomes } from './topologies/two-homes.ts';
import { twoWans } from './topologies/two-wans.ts';

/** Every topology that has a name, the default one first. */
export const scenes: readonly Scene[] = [
  home,
  split,
  splitInside,
  doubleNat,
  ipv6Only,
  twoWans,
  carrierNat,
  twoHomes,
  sameHome,
];

/** The scene of a name. Throws RangeError, with all names, where there is none. */
export function sceneNamed(name: string): Scene {
  const scene = scenes.find((each) => each.name === name);
  if (scene) return scene;
  throw new RangeError(`--topology is one of ${scenes.map((each) => each.name).join(', ')}`);
}

/** A line for each, for somebody who chooses one. */
export function listOf(from: readonly Scene[]): string {
  const width = Math.max(...from.map(({ name }) => name.length));
  return from.map(({ name, sentence }) => `${name.padEnd(width)}  ${sentence}`).join('\n');
}
