import type { Topology } from '../topology.ts';
import {
  devices,
  documentationInternet,
  homeNetwork,
  type Internet,
  internetHosts,
  internetNetwork,
  onInternet,
  wayTo,
} from './pieces.ts';
import type { Scene } from './scene.ts';

/**
 * Homes on one internet. Every home has a gateway (`gateway-1`), a television (`tv-1`) and a tablet (`tablet-1`) on
 * 192.168.1.0/24, as real homes do, and an IPv6 prefix of its own. The internet holds `portal`, `configuration`,
 * `media` and a `stranger`. Media server and stranger know the way to the first home's private addresses, as a hostile
 * neighbour on the same wire would. IPv4 addresses outside are those of `internet`.
 */
export function homes(count = 1, internet: Internet = documentationInternet): Topology {
  if (!(count >= 1 && count <= 9)) throw new RangeError('this internet has room for 1 to 9 homes');
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return {
    hosts: [
      ...numbers.flatMap((home) => [
        {
          name: `gateway-${home}`,
          forwards: true,
          routes: numbers.filter((other) => other !== home).map(wayTo),
          runs: { part: 'gateway', endpointId: `self::gateway-${home}`, home: `home-${home}` } as const,
        },
        ...devices(home),
      ]),
      ...internetHosts(numbers.map(wayTo), [{ to: '192.168.1.0/24', via: `${internet}.1` }]),
    ],
    networks: [
      ...numbers.map((home) => homeNetwork(home)),
      internetNetwork(
        numbers.map((home) => onInternet(`gateway-${home}`, home, 'wan0', internet)),
        internet,
      ),
    ],
  };
}

/** The topology that is taken where none is named. */
export const home: Scene = {
  name: 'home',
  sentence: 'One home behind one gateway that translates and filters.',
  topology: (internet) => homes(1, internet),
  session: { 4: 'film', 6: 'film' },
};
