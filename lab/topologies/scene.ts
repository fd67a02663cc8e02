import type { Family, RefusalCode } from '@sluice/model';
import type { Topology } from '../topology.ts';
import type { Internet } from './pieces.ts';

/** A topology with a name, and what a session in it shows. */
export interface Scene {
  /** What `--topology` calls it. */
  readonly name: string;
  /** What it is, for somebody who reads `--list`. */
  readonly sentence: string;
  /** Laid out on an internet of its own or, where that may be another, on `internet`. */
  topology(internet?: Internet): Topology;
  /** What comes of a session, for each IP version that its home has; the first is taken where none is named. */
  readonly session: Partial<Readonly<Record<Family, Outcome>>>;
}

/**
 * `film`: the first home's television plays it, and nothing else gets in. `call`: two devices speak with each other.
 * `refused`: it cannot be, and the television is told so with that code.
 */
export type Outcome = 'film' | 'call' | { readonly refused: RefusalCode };

/** The IP versions that a scene's sessions may be over, the default one first. */
export function familiesOf({ session }: Scene): readonly Family[] {
  return ([4, 6] as const).filter((family) => session[family] !== undefined);
}

/** The IP version of a scene's session where none is named. Throws RangeError where no session is over any. */
export function mainFamily(scene: Scene): Family {
  const [first] = familiesOf(scene);
  if (first) return first;
  throw new RangeError(`${scene.name} has a session over no IP version`);
}
