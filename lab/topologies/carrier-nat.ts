import { row } from './row.ts';
import type { Scene } from './scene.ts';

/** RFC 6598. */
const shared = '100.64.0';

const masquerading = `table ip carrier {
  chain leaving {
    type nat hook postrouting priority srcnat;
    oifname "wan0" masquerade
  }
}
`;

/** A carrier that shares one public IPv4 address among its customers. */
export const carrierNat: Scene = {
  name: 'carrier-nat',
  sentence:
    "A carrier's NAT, which nobody here can set up, in front of the home's gateway: no stream can come in over IPv4.",
  topology: () =>
    row({
      outer: {
        name: 'carrier',
        rules: masquerading,
      },
      inner: { name: 'gateway-1', runs: { part: 'gateway', endpointId: 'self::gateway-1', home: 'home-1' } },
      between: shared,
    }),
  session: { 4: { refused: 'behind-another-nat' }, 6: 'film' },
};
