import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where made media are kept from one run to the next: in the checkout, or in the user's cache where the checkout is not
 * theirs to write. Undefined where neither can be written.
 */
export function mediaCache(): string | undefined {
  const ofUser = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const places = [join(import.meta.dirname, '../.cache/media'), join(ofUser, 'sluice/media')];
  return places.find((place) => {
    try {
      mkdirSync(place, { recursive: true });
      accessSync(place, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  });
}
