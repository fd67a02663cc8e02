import type { Store } from '@sluice/control';

/** A store that forgets when its process ends; the same behaviour otherwise. */
export function inMemoryStore(): Store {
  throw new Error('not yet');
}
