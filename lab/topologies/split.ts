import { row } from './row.ts';
import type { Scene } from './scene.ts';

/** A firewall box in front of the router. */
export const split: Scene = {
  name: 'split',
  sentence: 'A firewall that only admits, in front of a router that translates: two boxes, each set up on its own.',
  topology: () =>
    row({
      outer: { name: 'firewall-1', runs: { part: 'gateway', endpointId: 'self::firewall-1', translates: false } },
      inner: {
        name: 'gateway-1',
        runs: { part: 'gateway', endpointId: 'self::gateway-1', home: 'home-1' },
      },
      between: '198.51.100',
      isPublic: true,
    }),
  session: { 4: 'film', 6: 'film' },
};
