import { row } from './row.ts';
import type { Scene } from './scene.ts';

/** A router, and a firewall box behind it. */
export const splitInside: Scene = {
  name: 'split-inside',
  sentence: 'A router that translates, and behind it a firewall that only admits: two boxes, each set up on its own.',
  topology: () =>
    row({
      outer: { name: 'gateway-1', runs: { part: 'gateway', endpointId: 'self::gateway-1' } },
      inner: {
        name: 'firewall-1',
        runs: {
          part: 'gateway',
          endpointId: 'self::firewall-1',
          home: 'home-1',
          translates: false,
        },
      },
      between: '192.168.0',
      passesHome: true,
    }),
  session: { 4: 'film', 6: 'film' },
};
