import { row } from './row.ts';
import type { Scene } from './scene.ts';

/** A NAT behind a NAT. */
export const doubleNat: Scene = {
  name: 'double-nat',
  sentence: 'A router of another make behind a router of ours, both translating: the inner one has a private address.',
  topology: () =>
    row({
      outer: { name: 'gateway-1', runs: { part: 'gateway', endpointId: 'self::gateway-1' } },
      inner: {
        name: 'router-1',
        runs: {
          part: 'gateway',
          endpointId: 'self::router-1',
          home: 'home-1',
          type: 'usp',
        },
      },
      between: '192.168.0',
    }),
  // The inner one is of a type that has no pinholes.
  session: { 4: 'film' },
};
